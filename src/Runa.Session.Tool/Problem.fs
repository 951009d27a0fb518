namespace Runa.Session.Tool

open System
open System.Data.Common
open System.IO
open System.Net.Sockets
open Runa.Session

/// What keeps a command from being carried out: sentences for the user.
exception Refusal of string list

/// The command line, or the environment in its place, is wrong.
exception Misuse of string

/// The store of a command, in words: its kind, and where it is.
type StoreName = { Kind: string; Place: string }

module Problem =
    let raiseOne (sentence: string) : 'T = raise (Refusal [ sentence ])
    let misuse (sentence: string) : 'T = raise (Misuse sentence)

    let rec private causes (e: exn) : exn list =
        match e.InnerException with
        | null -> [ e ]
        | inner -> e :: causes inner

    let isMissingTable (e: exn) : bool =
        causes e
        |> List.exists (fun e ->
            match e with
            | :? DbException as e -> e.SqlState = "42P01" || e.Message.Contains "no such table"
            | _ -> false)

    /// The store does not know the place where a page is to begin.
    let isWrongPage (e: exn) : bool =
        match e with
        | :? ArgumentException as e -> e.ParamName = "next"
        | _ -> false

    /// What the innermost exception says: the others speak to programmers, of "the inner exception". But a time limit
    /// says more outside, and so does what the driver sql explains.
    let private cause (e: exn) : string =
        let isExplained (e: exn) = e :? InvalidOperationException && e.InnerException :? DbException
        let all = causes e

        match List.tryFind isExplained all, List.last all with
        | Some explained, _ -> explained.Message
        | None, (:? TimeoutException | :? OperationCanceledException) -> e.Message
        | None, innermost -> innermost.Message

    let private ofStore (store: StoreName option) (e: exn) : string =
        match store with
        | Some store when isMissingTable e ->
            $"The database has no table for sessions. Create it: runa-session schema --driver {store.Kind}, with the same connection string and --table. The store is {store.Place}."
        | Some store -> $"{(cause e).TrimEnd '.'}. The store is {store.Place}."
        | None -> cause e

    /// The exit code and the sentences for an exception that has to do with what the user gave, or with the store. None: a
    /// bug.
    let ofException (store: StoreName option) (e: exn) : (int * string list) option =
        match e with
        | Misuse sentence -> Some(2, [ sentence ])
        | Refusal sentences -> Some(1, sentences)
        | :? SessionConfigurationException as e -> Some(1, List.ofSeq e.Errors)
        | :? SessionsLeftException as e ->
            Some(
                1,
                [ $"{e.Ended} sessions were ended, and {e.Left} or more are left: run the command again when the store works."
                  ofStore store e ]
            )
        | :? SessionConflictException
        | :? SessionLimitException
        | :? SessionTooLargeException -> Some(1, [ e.Message ])
        | :? SessionStoreException
        | :? DbException
        | :? StackExchange.Redis.RedisException
        | :? SocketException
        | :? IOException
        | :? TimeoutException
        | :? UnauthorizedAccessException
        | :? NotSupportedException
        | :? ArgumentException
        | :? InvalidOperationException -> Some(1, [ ofStore store e ])
        | _ -> None
