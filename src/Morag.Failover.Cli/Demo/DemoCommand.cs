using System.CommandLine;
using Morag.Failover.Cli.Agents;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Cli.Terminals;
using Morag.Failover.Client.Connection;

namespace Morag.Failover.Cli.Demo;

/// <summary><c>morag demo FOLDER</c>.</summary>
internal static class DemoCommand
{
    public static Command Build(GlobalOptions globals)
    {
        var folder = new Argument<DirectoryInfo>("folder") { Description = "Folder whose files are hashed; nothing in it is changed" };
        var sums = new Option<string>("--sums")
        {
            Description = "Output file for the hashes, in the format of sha256sum",
            DefaultValueFactory = _ => "morag-demo.sha256",
        };
        var command = new Command("demo", "Hash a folder's files with three agents, kill one of them, and watch the failover")
        {
            folder,
            sums,
        };
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
            throw CommandFailure.Usage($"the folder {folder.FullName} does not exist");
        }

        var files = DemoFiles.Find(folder.FullName);
        foreach (var remark in files.Remarks)
        {
            await output.WriteLineAsync(remark);
        }

        if (files.Paths.Count == 0)
        {
            throw CommandFailure.Usage($"no files to hash in {folder.FullName}");
        }

        using var signals = new StopSignals(cancellation);
        using var guardian = Guardian.Start(output.WriteLine);
        await using var node = await NodeAsync(globals, parsed, guardian, output, signals.Stop);
        var terminal = output is PrintedText { IsTerminal: true } && Terminal.IsPresent ? new Terminal() : null;
        return await new DemoRun(node, guardian, files, sumsFile, output, terminal, TimeProvider.System).RunAsync(signals.Stop);
    }

    private static async Task<DemoNode> NodeAsync(
        GlobalOptions globals, ParseResult parsed, Guardian guardian, TextWriter output, CancellationToken cancellation)
    {
        var token = globals.ReadToken(parsed);
        var connection = globals.Connect(parsed);
        var named = globals.GivenNodes(parsed).Count > 0;
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
                    "other workers of this node serve the queue cpu_batch and would lease the demo's tasks. "
                    + "Omit --node and MORAG_NODE, and the demo starts its own node");
            }
        }
        catch (NodeUnreachable) when (!named)
        {
            // The demo starts one below.
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        connection.Dispose();
        await output.WriteLineAsync("starting a node for the demo, with its own data");
        return await DemoNode.StartAsync(guardian, TimeProvider.System, cancellation);
    }
}
