/// Pages of the tests' own applications.
[<AutoOpen>]
module internal Runa.Session.Browser.Tests.Showing

open Microsoft.AspNetCore.Http
open Runa.Session

/// A page whose notice says this.
let page (text: string) : HttpHandler =
    fun _ context ->
        task {
            context.Response.ContentType <- "text/html; charset=utf-8"
            do! context.Response.WriteAsync $"<!doctype html><title>Shop</title><p role=status>{text}</p>"
            return Some context
        }
