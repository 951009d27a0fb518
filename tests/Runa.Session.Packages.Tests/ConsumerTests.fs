module Runa.Session.Packages.Tests.ConsumerTests

open Expecto

/// Everything that a user may add, on the lowest FSharp.Core that there is.
let private project =
    $"""<Project Sdk="Microsoft.NET.Sdk.Web">
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
    <!-- Sources that have no 10.0.100 of FSharp.Core offer the next one. -->
    <NoWarn>$(NoWarn);NU1603</NoWarn>
  </PropertyGroup>
  <ItemGroup>
    <Compile Include="Program.fs" />
    <PackageReference Update="FSharp.Core" Version="{Packed.locked "FSharp.Core"}" />
    <PackageReference Include="Runa.Session.FSharp" Version="{Packed.version}" />
    <PackageReference Include="Runa.Session.Redis" Version="{Packed.version}" />
    <PackageReference Include="Runa.Session.Conformance" Version="{Packed.version}" />
  </ItemGroup>
</Project>"""

let private program =
    """module Shop.Program

open System.Threading
open Runa.Session
open Runa.Session.Conformance

type Cart = { Lines: string list; Note: string option }

let visits = SessionKey.create<int> "visits"
let cart = SessionKey.create<Cart> "cart"
let home = withSession "web" (fun session -> Session.set visits 1 session, fun next ctx -> next ctx)
let suite = DriverUnderTest.create "memory" (fun clock -> task { return MemoryDriver.create clock })

[<EntryPoint>]
let main _ =
    use registry = SessionSetup.empty |> SessionSetup.secrets [ SessionSecret.create () ] |> SessionRegistry.create
    let step = Session.update visits 0 ((+) 1) >> Session.set cart { Lines = [ "tea" ]; Note = None }
    let saved = (registry |> SessionRegistry.update "web" None step CancellationToken.None).Result
    let cookie = saved.Cookies.Head.Split(';')[0]
    let loaded = (registry |> SessionRegistry.load "web" (Some cookie) CancellationToken.None).Result
    let version = typeof<list<int>>.Assembly.GetName().Version
    printfn $"{version} {Session.tryGet visits loaded} {Session.tryGet cart loaded} {RedisDriver.defaults.Prefix}"
    0
"""

[<Tests>]
let tests =
    testList
        "consumers"
        [ test "an F# application on the lowest FSharp.Core of .NET 10 builds without a warning and runs" {
              Consumer.inFolder (fun folder ->
                  Consumer.write folder "Shop.fsproj" project
                  Consumer.write folder "Program.fs" program
                  Consumer.dotnet folder [ "build"; "-c"; "Release"; "-v"; "quiet" ] |> ignore
                  let ran = Consumer.dotnet folder [ "bin/Release/net10.0/Shop.dll" ]
                  Expect.stringStarts ran.Output "10.0.0.0 Some(1) Some(" "the version of FSharp.Core, and the values"
                  Expect.stringContains ran.Output "tea" "the cart came back")
          } ]
