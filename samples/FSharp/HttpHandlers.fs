/// The few handlers of Giraffe that this sample uses, with Giraffe's names and types. samples/Giraffe and samples/Saturn have
/// the package Giraffe instead of this file, and share the rest of the sample unchanged.
[<AutoOpen>]
module Giraffe.HttpHandlers

open System.Text
open System.Threading.Tasks
open Giraffe.ViewEngine
open Microsoft.AspNetCore.Http
open Runa.Session

let (>=>) (first: HttpHandler) (second: HttpHandler) : HttpHandler =
    fun final ->
        let both = first (second final)
        fun ctx -> if ctx.Response.HasStarted then final ctx else both ctx

let rec private chooseFunc (candidates: HttpFunc list) : HttpFunc =
    fun ctx ->
        task {
            match candidates with
            | [] -> return None
            | first :: others ->
                match! first ctx with
                | None -> return! chooseFunc others ctx
                | answered -> return answered
        }

/// The first of them that does not decline.
let choose (handlers: HttpHandler list) : HttpHandler =
    fun next -> chooseFunc (handlers |> List.map (fun handler -> handler next))

let private only (condition: HttpContext -> bool) : HttpHandler =
    fun next ctx -> if condition ctx then next ctx else Task.FromResult None

let GET: HttpHandler = only (fun ctx -> HttpMethods.IsGet ctx.Request.Method)
let POST: HttpHandler = only (fun ctx -> HttpMethods.IsPost ctx.Request.Method)
let route (path: string) : HttpHandler = only (fun ctx -> ctx.Request.Path.Value = path)

let setStatusCode (code: int) : HttpHandler =
    fun next ctx ->
        ctx.Response.StatusCode <- code
        next ctx

let redirectTo (permanent: bool) (location: string) : HttpHandler =
    fun _ ctx ->
        ctx.Response.Redirect(location, permanent)
        Task.FromResult(Some ctx)

let private write (contentType: string) (bytes: byte[]) : HttpHandler =
    fun _ ctx ->
        task {
            ctx.Response.ContentType <- contentType
            ctx.Response.ContentLength <- bytes.LongLength
            do! ctx.Response.Body.WriteAsync bytes
            return Some ctx
        }

let text (content: string) : HttpHandler = write "text/plain; charset=utf-8" (Encoding.UTF8.GetBytes content)
let htmlView (view: XmlNode) : HttpHandler = write "text/html; charset=utf-8" (RenderView.AsBytes.htmlDocument view)

type HttpContext with

    member ctx.GetFormValue(name: string) : string option =
        match ctx.Request.Form.TryGetValue name with
        | true, value -> Some(value.ToString())
        | _ -> None
