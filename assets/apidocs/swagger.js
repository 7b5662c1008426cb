// Opens Swagger UI on the description that this server gives. The session's cookie goes with what is tried out.
SwaggerUIBundle({ url: "/openapi.json", dom_id: "#viewer", deepLinking: true, validatorUrl: null });
