namespace Runa.Session.Tool

open System
open System.Data.Common
open System.IO
open Runa.Session

/// What keeps a command from being carried out: sentences for the user.
exception Refusal of string list

module Problem =
    let raiseOne (sentence: string) : 'T = raise (Refusal [ sentence ])

    let private withCause (e: exn) : string =
        match e.InnerException with
        | null -> e.Message
        | inner -> $"{e.Message} ({inner.Message})"

    /// The sentences for an exception that has to do with what the user gave, or with the store. None: a bug.
    let ofException (e: exn) : string list option =
        match e with
        | Refusal sentences -> Some sentences
        | :? SessionConfigurationException as e -> Some(List.ofSeq e.Errors)
        | :? SessionStoreException -> Some [ withCause e ]
        | :? DbException
        | :? StackExchange.Redis.RedisException
        | :? IOException
        | :? TimeoutException
        | :? NotSupportedException
        | :? ArgumentException
        | :? InvalidOperationException -> Some [ e.Message ]
        | _ -> None
