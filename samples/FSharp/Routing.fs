module Sample.Routing

open Giraffe
open Runa.Session

/// GET shows and POST changes. `route` comes before the handlers that save a session.
let app: HttpHandler =
    choose [
        GET
        >=> choose [
            route "/" >=> Handlers.home
            route "/visits.txt" >=> Handlers.visitsAsText
            route "/login" >=> Handlers.loginPage
            route "/cart" >=> Handlers.cartPage
            route "/devices" >=> Handlers.devicesPage
            route "/admin" >=> useSession "admin" >=> Handlers.adminPage
            route "/values" >=> Handlers.valuesPage
        ]
        POST
        >=> Handlers.validated
        >=> choose [
            route "/login" >=> Handlers.login
            route "/logout" >=> Handlers.logout
            route "/cart/add" >=> Handlers.addToCart
            route "/cart/remove" >=> Handlers.takeFromCart
            route "/devices/revoke" >=> Handlers.revoke
            route "/devices/revoke-others" >=> Handlers.revokeOthers
            route "/admin/enter" >=> useSession "admin" >=> Handlers.enterAdmin
            route "/admin/leave" >=> useSession "admin" >=> Handlers.leaveAdmin
            route "/admin/notes" >=> useSession "admin" >=> Handlers.writeNote
        ]
        Handlers.notFound
    ]
