namespace Runa.Session.Benchmarks

open Microsoft.Extensions.DependencyInjection
open Runa.Session

/// Our sessions on Kestrel.
module RunaSites =
    let private answered: HttpHandler =
        fun _ context ->
            task {
                do! Site.ok context
                return Some context
            }

    let private fill =
        toRequestDelegate (withSession "web" (fun session -> RunaApps.fillThree session, answered))

    let private count =
        toRequestDelegate (
            readSession "web" (fun session ->
                fun _ context ->
                    task {
                        do! Site.counted (Session.getOr Apps.visits 0 session) context
                        return Some context
                    })
        )

    let private read =
        toRequestDelegate (
            readSession "web" (fun session ->
                let visits = Session.getOr Apps.visits 0 session
                let name = Session.getOr Apps.name "" session
                let theme = Session.getOr Apps.theme "" session
                if visits + name.Length + theme.Length < 0 then failwith "never" else answered)
        )

    let private write =
        toRequestDelegate (
            withSession "web" (fun session ->
                Session.set Apps.visits (1 + Session.getOr Apps.visits 0 session) session, answered)
        )

    let private overHttp =
        SessionSetup.secrets [ Apps.secret ]
        >> SessionSetup.session "web" (fun settings ->
            { settings with CookieName = "web"; Secure = CookieSecure.Never })

    let private site (name: string) (change: SessionSetup -> SessionSetup) measured : Site =
        { Name = name
          Make =
            fun () ->
                Site.app
                    (fun services -> services.AddRunaSession(overHttp >> change) |> ignore)
                    ignore
                    { Fill = fill; Count = count; Measured = measured } }

    /// Read and write, with this change of the setup.
    let both (store: string) (change: SessionSetup -> SessionSetup) : Site list =
        [ site $"{store}, read" change read; site $"{store}, write" change write ]
