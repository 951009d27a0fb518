module Runa.Session.Tests.FileConformanceTests

open System.IO
open System.Threading.Tasks
open Expecto
open Runa.Session.Conformance

let private folder = Directory.CreateTempSubdirectory "runa-files-"
