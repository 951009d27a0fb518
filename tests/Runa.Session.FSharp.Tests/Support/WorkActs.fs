/// What may happen to a session during one request, in any sequence.
module internal Runa.Session.Tests.WorkActs

open System
open Expecto
open Expecto.Flip
open FsCheck
open FsCheck.FSharp
open Runa.Session.TestSupport
open Runa.Session
open Runa.Session.Tests.Requests
open Runa.Session.Tests.Snapshots

type Ending =
    /// The commit stored what was set, and this of the step; another request may have stored something before it.
    | Written of step: (string * string) * theirs: (string * string) list * cookie: int
    /// Nothing new was to be stored: the commit moved the idle end.
    | Touched
    /// Nor was that due.
    | Unchanged

type Act =
    | Load of (string * string) list
    /// The idle end was moved by a load.
    | Touch
    | Reload of (string * string) list
    | Give
    | Show
    /// A handler changes what it was shown, and sets it.
    | Put of key: string * value: string
    /// The C# package changes what stands, and leaves it.
    | Leave of key: string * value: string
    /// A step begins, and commits; another act of the request may come before its answer.
    | BeginStep
    /// A commit of what was set begins.
    | BeginCommit
    | Settle of Ending
    /// A run-once step begins, and other commits may come before what it changes is committed.
    | BeginOnce
    | EndOnce of key: string * value: string
    | Fail of int
    | Discard

let pair = Gen.zip (Gen.elements [ "a"; "b"; "c"; "d" ]) (Gen.elements [ "1"; "2"; "3" ])
let pairs = Gen.listOf pair |> Gen.resize 4

let ending =
    Gen.frequency
        [ 3, Gen.map3 (fun step theirs cookie -> Written(step, theirs, cookie)) pair pairs (Gen.choose (0, 4))
          2, Gen.constant Touched
          1, Gen.constant Unchanged ]

let act =
    Gen.frequency
        [ 2, Gen.map Load pairs
          1, Gen.constant Touch
          1, Gen.map Reload pairs
          3, Gen.constant Give
          5, Gen.constant Show
          6, Gen.map Put pair
          2, Gen.map Leave pair
          4, Gen.constant BeginStep
          3, Gen.constant BeginCommit
          7, Gen.map Settle ending
          2, Gen.constant BeginOnce
          3, Gen.map EndOnce pair
          1, Gen.map Fail (Gen.choose (1, 9))
          1, Gen.constant Discard ]

/// Without each one of them, so that what fails is short.
let shorter (acts: Act list) = seq { for i in 0 .. acts.Length - 1 -> List.removeAt i acts }
