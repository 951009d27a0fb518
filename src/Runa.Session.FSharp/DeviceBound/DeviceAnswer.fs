namespace Runa.Session

open System
open System.Buffers
open System.Text.Json
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Runa.Session.Hosting

/// Writes the answers to browsers that register a device or let it prove itself.
module internal DeviceAnswer =
    /// What the browser is to do from now on. The origin is its own; the address is relative to that of the request, so it is
    /// right behind a path base and a proxy.
    let private instructions (pass: DevicePass) : ReadOnlyMemory<byte> =
        let buffer = ArrayBufferWriter<byte>()
        use json = new Utf8JsonWriter(buffer)
        json.WriteStartObject()
        json.WriteString("session_identifier", pass.Id)
        json.WriteString("refresh_url", "refresh")
        json.WriteStartObject "scope"
        json.WriteBoolean("include_site", false)
        json.WriteEndObject()
        json.WriteStartArray "credentials"
        json.WriteStartObject()
        json.WriteString("type", "cookie")
        json.WriteString("name", pass.Cookie.Cookie.Name)
        // Browsers compare them with the real cookie's, and refuse Max-Age here.
        json.WriteString("attributes", pass.Cookie.Cookie.Attributes true)
        json.WriteEndObject()
        json.WriteEndArray()
        // Otherwise a link from another site signs the visitor out when the bound cookie has ended.
        json.WriteStartArray "allowed_refresh_initiators"
        json.WriteStringValue "*"
        json.WriteEndArray()
        json.WriteEndObject()
        json.Flush()
        buffer.WrittenMemory

    /// Only the browser itself is to read the answer, and nobody is to keep it.
    let private begin' (context: HttpContext) (status: int) : unit =
        let response = context.Response
        response.StatusCode <- status
        response.Headers.CacheControl <- "no-store"
        response.Headers["Cross-Origin-Resource-Policy"] <- "same-origin"
        response.Headers.XFrameOptions <- "DENY"
        response.ContentLength <- 0L

    let private challenge (context: HttpContext) (id: string) (text: string) : unit =
        context.Response.Headers[DeviceHeaders.challenge] <- $"\"{text}\";id=\"{id}\""

    let refuse (context: HttpContext) (status: int) : Task =
        begin' context status
        Task.CompletedTask

    let send (context: HttpContext) (reply: DeviceReply) : Task =
        match reply with
        | DeviceReply.Refused status -> refuse context status
        | DeviceReply.Unavailable ->
            begin' context StatusCodes.Status503ServiceUnavailable
            context.Response.Headers.RetryAfter <- "10"
            Task.CompletedTask
        | DeviceReply.Challenged(id, text) ->
            begin' context StatusCodes.Status403Forbidden
            challenge context id text
            Task.CompletedTask
        | DeviceReply.Passed pass ->
            begin' context StatusCodes.Status200OK
            challenge context pass.Id pass.Challenge
            ResponseCookies.send context pass.Cookie
            let json = instructions pass
            context.Response.ContentType <- "application/json"
            context.Response.ContentLength <- int64 json.Length
            context.Response.Body.WriteAsync(json, context.RequestAborted).AsTask()
