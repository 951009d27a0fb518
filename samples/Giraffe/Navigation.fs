module Sample.Navigation

/// The pages that every page links to.
let links = [
    "/", "Visits"
    "/cart", "Cart"
    "/delivery", "Delivery"
    "/devices", "Devices"
    "/admin", "Admin"
    "/values", "Values"
]
