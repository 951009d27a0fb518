namespace Runa.Session.Benchmarks

open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.Extensions.DependencyInjection
open Runa.Session

/// Our sessions, by the F# handlers.
module RunaApps =
    let length (length: int) : HttpHandler =
        fun _ context ->
            context.Response.ContentLength <- int64 length
            Task.FromResult(Some context)

    let app (change: SessionSetup -> SessionSetup) (fill: Session -> Session) (handler: HttpHandler) : Pipeline =
        let fill = toRequestDelegate (updateSession "web" fill)
        let handler = toRequestDelegate handler

        Apps.build
            (fun services -> services.AddRunaSession(SessionSetup.secrets [ Apps.secret ] >> change) |> ignore)
            (fun app ->
                app.Run(Apps.filledFirst fill handler)
                app.Build())

    let fillThree =
        Session.set Apps.visits 1 >> Session.set Apps.name "Runa" >> Session.set Apps.theme "dark"

    /// A session whose values take about 200 bytes.
    let fill200 = fillThree >> Session.set Apps.name (System.String('x', 150))

    let readThree: HttpHandler =
        readSession "web" (fun session ->
            let visits = Session.getOr Apps.visits 0 session
            let name = Session.getOr Apps.name "" session
            let theme = Session.getOr Apps.theme "" session
            length (visits + name.Length + theme.Length))

    let writeOne: HttpHandler =
        withSession "web" (fun session ->
            let n = 1 + Session.getOr Apps.visits 0 session
            session |> Session.set Apps.visits n, length n)

    let private writeBehind: HttpHandler =
        fun next context ->
            let session = context.GetSession "web"
            let n = 1 + Session.getOr Apps.visits 0 session
            context.SetSession(session |> Session.set Apps.visits n)
            length n next context

    let read () = (app id fillThree readThree).AskedByOne()
    let write () = (app id fillThree writeOne).AskedByOne()

    /// Behind useSession, the F# counterpart of the middleware.
    let writeBehindUse () = (app id fillThree (fun next -> useSession "web" (writeBehind next))).AskedByOne()

    /// Sessions in the cookie itself.
    let inCookie: SessionSetup -> SessionSetup =
        SessionSetup.session "web" (fun settings -> { settings with Driver = "cookie" })

    /// Sessions in memory, with room for so many.
    let roomFor (sessions: int) : SessionSetup -> SessionSetup =
        let options =
            { MemoryDriver.defaults with MaxSessions = 2 * sessions; MaxBytes = 16L * 1024L * 1024L * 1024L }

        SessionSetup.driverFrom "memory" (fun _ -> MemoryDriver.create options)
