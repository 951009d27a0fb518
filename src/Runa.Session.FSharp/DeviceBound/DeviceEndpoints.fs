namespace Runa.Session

open System
open System.Collections.Frozen
open System.Collections.Generic
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Runa.Session.Hosting

/// Answers the requests that browsers make by themselves for device-bound sessions. They come before everything else in the
/// pipeline: a redirect, a 401 of a policy or a 429 of a rate limiter would end the binding in the browser.
[<Sealed; AllowNullLiteral>]
type internal DeviceEndpoints private (byName: FrozenDictionary<string, HostedDevices.Endpoint>) =
    static let root = "/_runa/device/"

    /// The browser's own requests have the mode no-cors. Scripts of a page could send a proof, too, and other sites a form.
    static let isOfScript (context: HttpContext) : bool =
        let headers = context.Request.Headers
        let mode = headers["Sec-Fetch-Mode"].ToString()
        (mode <> "" && mode <> "no-cors") || headers["Sec-Fetch-Site"].ToString() = "cross-site"

    static let answer (context: HttpContext) (asking: Task<DeviceReply>) : Task =
        task {
            let! reply = asking
            do! DeviceAnswer.send context reply
        }

    static let register (context: HttpContext) (endpoint: HostedDevices.Endpoint) : Task =
        match DeviceHeaders.tryText DeviceHeaders.response context with
        | Some proof -> answer context (endpoint.Register proof)
        | None -> DeviceAnswer.refuse context StatusCodes.Status400BadRequest

    static let refresh (context: HttpContext) (endpoint: HostedDevices.Endpoint) : Task =
        match DeviceHeaders.tryText DeviceHeaders.id context with
        | Some id ->
            let proof = DeviceHeaders.tryText DeviceHeaders.response context
            answer context (endpoint.Refresh(id, proof, context.Request.Headers.Cookie))
        | None -> DeviceAnswer.refuse context StatusCodes.Status400BadRequest

    /// Null: no session is bound to devices.
    static member Of(registry: SessionRegistry) : DeviceEndpoints =
        match HostedDevices.endpoints registry with
        | [] -> null
        | endpoints ->
            let pairs = endpoints |> Seq.map (fun (name, endpoint) -> KeyValuePair(name, endpoint))
            DeviceEndpoints(pairs.ToFrozenDictionary StringComparer.Ordinal)

    /// Where a browser registers for this session, relative to any page of the application: endpoints answer whatever stands
    /// before, so a path base and a proxy that cuts a part of the path off are no matter.
    static member RegistrationPath(session: string) : string = $"{root.Substring 1}{session}/register"

    /// Answers the request if it is for an endpoint. Null: it is for somebody else.
    member _.TryAnswer(context: HttpContext) : Task | null =
        let path =
            match context.Request.Path.Value with
            | null -> ""
            | path -> path

        match path.LastIndexOf(root, StringComparison.Ordinal) with
        | -1 -> null
        | at ->
            match path.Substring(at + root.Length).Split '/' with
            | [| name; ("register" | "refresh") as what |] when byName.ContainsKey name ->
                if not (HttpMethods.IsPost context.Request.Method) then
                    context.Response.Headers.Allow <- "POST"
                    DeviceAnswer.refuse context StatusCodes.Status405MethodNotAllowed
                elif isOfScript context then
                    DeviceAnswer.refuse context StatusCodes.Status400BadRequest
                elif what = "register" then
                    register context byName[name]
                else
                    refresh context byName[name]
            | _ -> null
