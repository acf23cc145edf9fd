using System.CommandLine;
using Morag.Failover.Cli.Agents;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Cli.Connection;

namespace Morag.Failover.Cli.Demo;

/// <summary><c>morag demo FOLDER</c>.</summary>
internal static class DemoCommand
{
    public static Command Build(GlobalOptions globals)
    {
        var folder = new Argument<DirectoryInfo>("folder") { Description = "The folder whose files are hashed; nothing in it is changed" };
        var sums = new Option<string>("--sums")
        {
            Description = "Where the hashes are written, as sha256sum writes them",
            DefaultValueFactory = _ => "morag-demo.sha256",
        };
        var command = new Command("demo", "Hash the files of a folder with three agents, kill one in the middle, and see what happens") { folder, sums };
        command.SetAction((parsed, cancellation) => RunAsync(
            globals, parsed, parsed.GetValue(folder)!, Path.GetFullPath(parsed.GetValue(sums)!), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        GlobalOptions globals, ParseResult parsed, DirectoryInfo folder, string sumsFile, CancellationToken cancellation)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (!folder.Exists)
        {
            throw CommandFailure.Usage($"there is no folder {folder.FullName}");
        }

        var files = DemoFiles.Find(folder.FullName);
        foreach (var remark in files.Remarks)
        {
            await output.WriteLineAsync(remark);
        }

        if (files.Paths.Count == 0)
        {
            throw CommandFailure.Usage($"there is no file to hash in {folder.FullName}");
        }

        using var signals = new StopSignals(cancellation);
        using var guardian = Guardian.Start(output.WriteLine);
        await using var node = await NodeAsync(globals, parsed, guardian, output, signals.Stop);
        return await new DemoRun(node, guardian, files, sumsFile, output, TimeProvider.System).RunAsync(signals.Stop);
    }

    private static async Task<DemoNode> NodeAsync(
        GlobalOptions globals, ParseResult parsed, Guardian guardian, TextWriter output, CancellationToken cancellation)
    {
        var token = globals.ReadToken(parsed);
        var connection = globals.Connect(parsed);
        var named = globals.GivenNode(parsed) is not null;
        try
        {
            if (!await DemoRun.HasCompetingWorkersAsync(connection, cancellation))
            {
                await output.WriteLineAsync($"using the node at {connection.Node.GetLeftPart(UriPartial.Authority)}");
                return DemoNode.Running(connection, token);
            }

            if (named)
            {
                throw new CommandFailure(
                    ExitCode.Conflict,
                    "workers of that node serve the queue cpu_batch for every content type, and would take the demo's tasks: leave out --node, and the demo starts a node of its own");
            }
        }
        catch (NodeUnreachable) when (!named)
        {
            // None runs: one is started.
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        connection.Dispose();
        await output.WriteLineAsync("starting a node for the demo, with data of its own");
        return await DemoNode.StartAsync(guardian, TimeProvider.System, cancellation);
    }
}
