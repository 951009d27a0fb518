// Giraffe.slnx: what needs Giraffe, Saturn or Thoth.Json.Net. NuGet restores it without Paket, where a package source has them.
#load "Commands.fsx"

open System.Text.RegularExpressions
open Fake.Core
open Commands

let giraffe = "Giraffe.slnx"

/// NuGet's codes for a package or version that no source has, and for a source out of reach.
let private unavailable = set [ "NU1101"; "NU1102"; "NU1103"; "NU1301" ]

/// Restores Giraffe.slnx. Answers why it cannot be had here; whatever else goes wrong is a failure. It asks the sources anew,
/// since they may have by now what they had not before.
let restoreGiraffe () : string option =
    let result =
        dotnetIn root [ "restore"; giraffe; "--no-http-cache"; "--verbosity"; "quiet" ]
        |> CreateProcess.redirectOutput
        |> Proc.run

    let output = result.Result.Output + result.Result.Error
    let all pattern = set [ for m in Regex.Matches(output, pattern) -> m.Groups[1].Value ]
    let codes = all @"error (\w+):"

    if result.ExitCode = 0 then
        None
    elif codes.IsEmpty || not (codes.IsSubsetOf unavailable) then
        failwith $"The restore of {giraffe} failed:\n{output}"
    else
        match all @"Unable to find (?:a stable )?package (\S+?)\.?\s" |> String.concat ", " with
        | "" -> Some $"{giraffe} cannot be restored: a package source is out of reach."
        | names -> Some $"{giraffe} cannot be restored: no package source has {names}."
