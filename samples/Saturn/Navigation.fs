module Sample.Navigation

/// The pages that every page links to.
let links = [
    "/", "Visits"
    "/cart", "Cart"
    "/wishes", "Wishes"
    "/devices", "Devices"
    "/admin", "Admin"
    "/values", "Values"
]
