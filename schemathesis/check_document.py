"""Checks docs/openapi.json: it obeys the specification, and every schema has an example that obeys the schema."""

import json
import sys

from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

with open("docs/openapi.json", encoding="utf-8") as file:
    document = json.load(file)

validate(document)
faults = []
for name, schema in document["components"]["schemas"].items():
    if "example" not in schema:
        faults.append(f"{name} has no example")
        continue
    whole = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    checker = OAS31Validator(whole, format_checker=OAS31Validator.FORMAT_CHECKER)
    faults += [f"{name}: {fault.message}" for fault in checker.iter_errors(schema["example"])]
sys.exit("\n".join(faults) or None)
