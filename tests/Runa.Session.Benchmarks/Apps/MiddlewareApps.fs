namespace Runa.Session.Benchmarks

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Runa.Session

/// Our sessions, by the middleware of the C# package.
module MiddlewareApps =
    let private add (services: IServiceCollection) =
        services.AddRunaSession(fun (sessions: Runa.RunaSessionBuilder) -> sessions.AddSecrets Apps.secret |> ignore)
        |> ignore

    let private fill =
        RequestDelegate(fun context ->
            let session = context.GetRunaSession "web"
            session.Set(Apps.visits, 1)
            session.Set(Apps.name, "Runa")
            session.Set(Apps.theme, "dark")
            Apps.answer context 0)

    let private askedByOne (endpoint: HttpContext -> Task) =
        let app =
            Apps.build add (fun app ->
                app.UseRunaSession "web" |> ignore
                app.Run(Apps.filledFirst fill (RequestDelegate endpoint))
                app.Build())

        app.AskedByOne()

    /// A request with a session's cookie, whose endpoint does not look at the session.
    let untouched () = askedByOne (fun context -> Apps.answer context 0)

    let read () =
        askedByOne (fun context ->
            let session = context.GetRunaSession "web"
            let visits = session.Get(Apps.visits, 0)
            let name = session.Get(Apps.name, "")
            let theme = session.Get(Apps.theme, "")
            Apps.answer context (visits + name.Length + theme.Length))

    let write () =
        askedByOne (fun context ->
            let session = context.GetRunaSession "web"
            let n = session.Get(Apps.visits, 0) + 1
            session.Set(Apps.visits, n)
            Apps.answer context n)

    let step () =
        askedByOne (fun context ->
            task {
                let! n =
                    context.UpdateRunaSessionAsync(
                        "web",
                        Func<Runa.RunaSession, int>(fun session ->
                            session.Set(Apps.visits, session.Get(Apps.visits, 0) + 1)
                            session.Get(Apps.visits, 0))
                    )

                do! Apps.answer context n
            })
