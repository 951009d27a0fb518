namespace Runa.Session.Benchmarks

open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection

/// ASP.NET Core's own session, on its cache in memory.
module FrameworkApps =
    /// Without the bound in bytes, which removes sessions in the measurements with very many.
    let inMemory (services: IServiceCollection) =
        services.AddDistributedMemoryCache(fun options -> options.SizeLimit <- System.Nullable()) |> ignore

    let app (fill: ISession -> unit) (endpoint: ISession -> int) : Pipeline =
        let fill =
            RequestDelegate(fun context ->
                fill context.Session
                Apps.answer context 0)

        let endpoint = RequestDelegate(fun context -> Apps.answer context (endpoint context.Session))

        Apps.build
            (fun services ->
                inMemory services
                services.AddSession() |> ignore)
            (fun app ->
                app.UseSession() |> ignore
                app.Run(Apps.filledFirst fill endpoint)
                app.Build())

    let fillThree (session: ISession) =
        session.SetInt32("visits", 1)
        session.SetString("name", "Runa")
        session.SetString("theme", "dark")

    let readThree (session: ISession) : int =
        let visits = session.GetInt32("visits").GetValueOrDefault()
        let name = string (session.GetString "name")
        let theme = string (session.GetString "theme")
        visits + name.Length + theme.Length

    let writeOne (session: ISession) : int =
        let visits = session.GetInt32("visits").GetValueOrDefault() + 1
        session.SetInt32("visits", visits)
        visits

    let read () = (app fillThree readThree).AskedByOne()
    let write () = (app fillThree writeOne).AskedByOne()
