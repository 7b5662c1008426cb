// Opens ReDoc on the description that this server gives. Its styles bear the page's nonce.
const viewer = document.getElementById("viewer");
Redoc.init("/openapi.json", { nonce: viewer.dataset.nonce, disableSearch: true, nativeScrollbars: true }, viewer);
