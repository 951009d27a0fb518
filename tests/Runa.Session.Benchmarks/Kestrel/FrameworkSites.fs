namespace Runa.Session.Benchmarks

open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection

/// ASP.NET Core's own session on Kestrel.
module FrameworkSites =
    let private fill =
        RequestDelegate(fun context ->
            FrameworkApps.fillThree context.Session
            Site.ok context)

    let private count =
        RequestDelegate(fun context -> Site.counted (context.Session.GetInt32("visits").GetValueOrDefault()) context)

    let private read =
        RequestDelegate(fun context ->
            task {
                do! context.Session.LoadAsync()

                if FrameworkApps.readThree context.Session < 0 then
                    failwith "never"

                do! Site.ok context
            })

    let private write =
        RequestDelegate(fun context ->
            task {
                do! context.Session.LoadAsync()
                FrameworkApps.writeOne context.Session |> ignore
                do! context.Session.CommitAsync()
                do! Site.ok context
            })

    let private site (name: string) (cache: IServiceCollection -> unit) (measured: RequestDelegate) : Site =
        { Name = name
          Make =
            fun () ->
                Site.app
                    (fun services ->
                        cache services
                        services.AddSession() |> ignore)
                    (fun app -> app.UseSession() |> ignore)
                    { Fill = fill; Count = count; Measured = measured } }

    /// Read and write, on this cache.
    let both (store: string) (cache: IServiceCollection -> unit) : Site list =
        [ site $"{store}, read by ASP.NET Core's session" cache read
          site $"{store}, write by ASP.NET Core's session" cache write ]
