/// Which handler answers what.
module Sample.Site

open Giraffe
open Runa.Session
open Saturn

/// For every request: headers, and the antiforgery check if it changes something.
let private browser =
    pipeline {
        plug putSecureBrowserHeaders
        plug protectFromForgery
    }

/// Loads the session "web" for the handlers that follow, and commits what ctx.SetSession set.
let private web = pipeline { plug (useSession "web") }

let private admin =
    router {
        pipe_through (pipeline { plug (useSession "admin") })

        get "" Handlers.adminPage
        post "/enter" Handlers.enterAdmin
        post "/leave" Handlers.leaveAdmin
        post "/notes" Handlers.writeNote
    }

let site =
    router {
        pipe_through browser
        not_found_handler Handlers.notFound

        get "/" Handlers.home
        get "/visits.txt" Handlers.visitsAsText
        get "/login" Handlers.loginPage
        post "/login" Handlers.login
        post "/logout" Handlers.logout
        get "/cart" Handlers.cartPage
        post "/cart/add" Handlers.addToCart
        post "/cart/remove" Handlers.takeFromCart
        get "/devices" Handlers.devicesPage
        post "/devices/revoke" Handlers.revoke
        post "/devices/revoke-others" Handlers.revokeOthers
        get "/values" Handlers.valuesPage
        forward "/wishes" (web >=> Wishes.controller)
        forward "/admin" admin
    }
