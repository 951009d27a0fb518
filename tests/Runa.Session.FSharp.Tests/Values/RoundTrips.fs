/// Whether a value comes back from a session, or is refused when it is set.
module internal Runa.Session.Tests.RoundTrips

open System
open System.Collections.Concurrent
open System.Collections.Generic
open System.Collections.ObjectModel
open System.Text
open System.Text.Json
open System.Text.Json.Nodes
open System.Text.Json.Serialization
open Expecto
open Runa.Session
open Runa.Session.Tests.LossyTypes

let session = Session.empty "web"

let roundTrip (value: 'T) : 'T =
    let key = SessionKey.create<'T> "k"

    match session |> Session.set key value |> Session.decode key with
    | Ok(Some value) -> value
    | other -> failtest $"not read back: {other}"

let same (value: 'T) = Expect.equal (roundTrip value) value typeof<'T>.Name
let sameItems (value: #seq<'T>) = Expect.sequenceEqual (roundTrip value) value (value.GetType().Name)

/// Refused at the first use, with this in the message.
let refused<'T> (part: string) (value: 'T) =
    try
        session |> Session.set (SessionKey.create<'T> "cart") value |> ignore
        failtest $"{typeof<'T>.Name} was stored"
    with :? NotSupportedException as e ->
        for part in [ "Key \"cart\""; part; "SessionKey.withCodec" ] do
            Expect.stringContains e.Message part typeof<'T>.Name

/// Refused also after another value was stored, by an error that names the key and holds nothing of the value.
let refusedAfter (good: 'T) (part: string) (value: 'T) =
    let key = SessionKey.create<'T> "cart"
    session |> Session.set key good |> ignore

    try
        session |> Session.set key value |> ignore
        failtest $"{typeof<'T>.Name} was stored"
    with
    | :? NotSupportedException
    | :? ArgumentException as e ->
        let name = if e :? ArgumentException then TypeNames.display typeof<'T> else part

        for part in [ "Key \"cart\""; name; part; "SessionKey.withCodec" ] do
            Expect.stringContains e.Message part typeof<'T>.Name

        Expect.isFalse (e.ToString().Contains "alice") "promise 5: nothing of the value"

let element (json: string) = JsonDocument.Parse(json).RootElement
let lone = string '\uD800'

let extended (name: string) =
    let value = Extended(Name = "n")
    value.Others[name] <- element "1"
    value
