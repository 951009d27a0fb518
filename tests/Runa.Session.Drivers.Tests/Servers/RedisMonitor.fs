/// What a Redis server is asked, by its MONITOR command.
module internal Runa.Session.Tests.RedisMonitors

open System
open System.Collections.Generic
open System.IO
open System.Net
open System.Net.Sockets
open System.Threading.Tasks
open Runa.Session.Tests.RedisServers

/// One command: from a client, or from inside a script.
type MonitoredCommand =
    {
        IsInScript: bool
        /// In capitals.
        Name: string
        Arguments: string list
    }

/// `1700000000.123456 [0 127.0.0.1:5000] "GET" "key"`; `lua` stands for the address of a script.
let private parse (line: string) : MonitoredCommand =
    let source = line.Substring(line.IndexOf '[', line.IndexOf ']' - line.IndexOf '[')

    let rec quoted (at: int) (current: Text.StringBuilder) (found: string list) isInside =
        if at >= line.Length then
            List.rev found
        else
            match line[at], isInside with
            | '\\', true -> quoted (at + 2) (current.Append(line[at + 1])) found true
            | '"', true -> quoted (at + 1) (Text.StringBuilder()) (string current :: found) false
            | '"', false -> quoted (at + 1) current found true
            | c, true -> quoted (at + 1) (current.Append c) found true
            | _ -> quoted (at + 1) current found false

    match quoted (line.IndexOf ']') (Text.StringBuilder()) [] false with
    | name :: arguments -> { IsInScript = source.EndsWith "lua"; Name = name.ToUpperInvariant(); Arguments = arguments }
    | [] -> failwith $"MONITOR wrote a line without a command: {line}"

/// What clients do to keep their connection.
let private housekeeping =
    set [ "PING"; "INFO"; "CLIENT"; "CONFIG"; "HELLO"; "SELECT"; "CLUSTER"; "SENTINEL" ]

/// The commands that the server is asked while `work` runs.
let monitored (server: RedisServer) (work: unit -> Task) : Task<MonitoredCommand list> =
    task {
        use watching = new TcpClient()
        do! watching.ConnectAsync(IPAddress.Loopback, server.Port)
        use reader = new StreamReader(watching.GetStream())
        use writer = new StreamWriter(watching.GetStream(), AutoFlush = true)
        do! writer.WriteAsync "MONITOR\r\n"
        let! _ = reader.ReadLineAsync()
        do! work ()
        // On a connection of its own: all that was sent before has then been shown.
        let marker = $"{Guid.NewGuid():N}"
        use marking = new TcpClient()
        do! marking.ConnectAsync(IPAddress.Loopback, server.Port)
        use markingWriter = new StreamWriter(marking.GetStream(), AutoFlush = true)
        do! markingWriter.WriteAsync $"ECHO {marker}\r\n"
        let seen = List<MonitoredCommand>()
        let mutable isOpen = true

        while isOpen do
            match! reader.ReadLineAsync() with
            | null -> failwith "MONITOR ended early."
            | line when line.Contains marker -> isOpen <- false
            | line ->
                let command = parse line

                if not (housekeeping.Contains command.Name) then
                    seen.Add command

        return List.ofSeq seen
    }

/// Those that clients sent, each a part of a round trip.
let sent (commands: MonitoredCommand list) : string list =
    commands |> List.filter (fun command -> not command.IsInScript) |> List.map _.Name
