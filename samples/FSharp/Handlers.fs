/// From a request to a step and a page.
module Sample.Handlers

open System.Threading
open Giraffe
open Giraffe.ViewEngine
open Microsoft.AspNetCore.Antiforgery
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Runa.Session
open Sample.Model

let private antiforgery (ctx: HttpContext) = ctx.RequestServices.GetRequiredService<IAntiforgery>()

let private render (session: Session) (notices: string list) (page: Layout.Page) : HttpHandler =
    fun next ctx ->
        let tokens = (antiforgery ctx).GetAndStoreTokens ctx
        let field = input [ _type "hidden"; _name tokens.FormFieldName; _value (string tokens.RequestToken) ]
        htmlView (Layout.page (string ctx.Request.Path) field session notices page) next ctx

/// A page in the layout, which takes the notices that earlier requests left.
let page (view: Session -> Layout.Page) (session: Session) : Session * HttpHandler =
    let notices, session = Session.takeFlashes notice session
    session, render session notices (view session)

let notFound: HttpHandler =
    setStatusCode 404 >=> htmlView (Layout.plain "Not found" "There is no page at this address.")

/// Lets a POST through if it comes from one of this application's forms.
let validated: HttpHandler =
    fun next ctx ->
        task {
            match! (antiforgery ctx).IsRequestValidAsync ctx with
            | true -> return! next ctx
            | false ->
                let page = Layout.plain "This form is too old" "Go back, reload the page and try again."
                return! (setStatusCode 400 >=> htmlView page) next ctx
        }

let statusOf (error: exn) =
    match error with
    | :? SessionConflictException -> StatusCodes.Status409Conflict
    | :? BadHttpRequestException as bad -> bad.StatusCode
    | _ -> StatusCodes.Status500InternalServerError

/// The page for an exception that nothing caught; its status code is already set.
let failed: HttpHandler =
    fun next ctx ->
        let page =
            if ctx.Response.StatusCode = 409 then
                Layout.plain
                    "Please try again"
                    "Your session ended while this request was running, so what it changed there was not saved."
            else
                Layout.plain "Something went wrong" "It is not your fault. Please try again later."

        htmlView page next ctx

// ---- Visits

let home =
    withSession "web" (fun found ->
        match Session.status found with
        // What does not come from the session's device can only be shown: a change would be answered with 401.
        | SessionStatus.Unproven -> page (Views.home found) found
        | _ -> found |> Session.update visits 0 (fun count -> count + 1) |> page (Views.home found))

let visitsAsText =
    readSession "web" (fun session -> text $"You have been here {Session.getOr visits 0 session} times")

// ---- Sign in and out

let private loginForm (given: string) (hasFailed: bool) : HttpHandler =
    fun next ctx ->
        let action = ReturnUrl.passOn "/login" ctx
        withSession "web" (page (Views.login action given hasFailed)) next ctx

let loginPage: HttpHandler = loginForm "" false

let login: HttpHandler =
    fun next ctx ->
        let field name = ctx.GetFormValue name |> Option.defaultValue ""
        // Behind a proxy, UseForwardedHeaders makes it the client's.
        let address = ctx.Connection.RemoteIpAddress |> Option.ofObj |> Option.map string
        let agent = string ctx.Request.Headers.UserAgent

        match Users.check (field "name") (field "password") with
        | Some user ->
            let signedIn = updateSession "web" (signIn user address agent (field "long" = "yes"))
            (signedIn >=> ReturnUrl.follow "/") next ctx
        | None -> (setStatusCode 401 >=> loginForm (field "name") true) next ctx

let logout: HttpHandler = updateSession "web" signOut >=> redirectTo false "/"

// ---- Cart

let cartPage = withSession "web" (page Views.shop)

let private changeCart (change: Product -> Session -> Session) : HttpHandler =
    fun next ctx ->
        match ctx.GetFormValue "sku" |> Option.bind Products.tryFind with
        | Some product -> (updateSession "web" (change product) >=> redirectTo false "/cart") next ctx
        | None -> notFound next ctx

let addToCart: HttpHandler = changeCart Model.addToCart
let takeFromCart: HttpHandler = changeCart Model.takeFromCart

// ---- Devices

let private registry (ctx: HttpContext) = ctx.RequestServices.GetRequiredService<SessionRegistry>()

/// For users who are signed in. The step is pure; the handler that it returns may do I/O.
let private forOwner (handler: string -> Session -> Session * HttpHandler) : HttpHandler =
    withOwner "web" (ReturnUrl.signInAt "/login") handler

let devicesPage: HttpHandler =
    forOwner (fun owner session ->
        let notices, session = Session.takeFlashes notice session

        session,
        fun next ctx ->
            task {
                let! owned = registry ctx |> SessionRegistry.forOwner "web" owner ctx.RequestAborted
                return! render session notices (Views.devices (SessionRegistry.handle session) owned) next ctx
            })

let private tell (message: string) = updateSession "web" (Session.flash notice message) >=> redirectTo false "/devices"

let revoke: HttpHandler =
    forOwner (fun owner session ->
        session,
        fun next ctx ->
            task {
                let handle = ctx.GetFormValue "handle"

                if handle = SessionRegistry.handle session then
                    return! logout next ctx
                else
                    let handle = defaultArg handle ""
                    let! isEnded = registry ctx |> SessionRegistry.revoke "web" owner handle CancellationToken.None
                    return! tell (if isEnded then "Signed out there." else "That session had already ended.") next ctx
            })

let revokeOthers: HttpHandler =
    forOwner (fun _ session ->
        session,
        fun next ctx ->
            task {
                let! count = registry ctx |> SessionRegistry.revokeOthers session CancellationToken.None
                let others = if count = 1 then "1 other device" else $"{count} other devices"
                return! tell $"Signed out on {others}." next ctx
            })

// ---- Admin: behind useSession "admin" (see Routing.fs)

let adminPage: HttpHandler =
    fun next ctx ->
        let admin = ctx.GetSession "admin"
        withSession "web" (page (fun _ -> Views.admin admin)) next ctx

let private changeAdmin (change: HttpContext -> Session -> Session) : HttpHandler =
    fun next ctx ->
        ctx.GetSession "admin" |> change ctx |> ctx.SetSession
        redirectTo false "/admin" next ctx

let enterAdmin: HttpHandler = changeAdmin (fun _ -> Session.signIn "operator")
let leaveAdmin: HttpHandler = changeAdmin (fun _ -> Session.signOut)

let writeNote: HttpHandler =
    changeAdmin (fun ctx session ->
        match Session.owner session, ctx.GetFormValue "note" with
        | Some _, Some note when note.Trim() <> "" ->
            session |> Session.update notes [] (fun all -> all @ [ note.Trim() ])
        | _ -> session)

// ---- Values

let valuesPage =
    readSession "admin" (fun admin -> withSession "web" (page (fun web -> Views.values [ web; admin ])))
