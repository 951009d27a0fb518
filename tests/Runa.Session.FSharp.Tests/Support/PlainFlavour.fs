/// ASP.NET Core alone, with the handlers and combinators of the tests.
module internal Runa.Session.Tests.PlainFlavour

open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Diagnostics
open Microsoft.AspNetCore.Http
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios
open Runa.Session.Tests.Handlers

let private errorHandler (app: IApplicationBuilder) =
    app.UseExceptionHandler(fun (page: IApplicationBuilder) ->
        page.Run(fun context ->
            context.Response.StatusCode <- 503

            match context.Features.Get<IExceptionHandlerFeature>() with
            | null -> context.Response.WriteAsync "nothing"
            | raised -> context.Response.WriteAsync(Flavour.report raised.Error context.Response.HasStarted)))
    |> ignore

let plain: Flavour =
    { Name = "ASP.NET Core"
      Compose = (>=>)
      Choose = choose
      Route = route
      SubRoute = subRoute
      Text = text
      SetStatusCode = setStatusCode
      SetHeader = setHeader
      RedirectTo = redirectTo
      Start =
        fun site ->
            start
                { host site.Handler with
                    Server = site.Server
                    Clock = site.Clock
                    Setup = SessionSetup.driver "memory" site.Driver
                    Pipeline = errorHandler } }
