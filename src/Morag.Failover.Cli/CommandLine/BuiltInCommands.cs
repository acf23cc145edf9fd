using System.CommandLine;
using Morag.Failover.Cli.Agents;
using Morag.Failover.Cli.Demo;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>What the client brings itself; everything else comes from the node's palettes.</summary>
internal static class BuiltInCommands
{
    public static RootCommand Build(GlobalOptions globals)
    {
        var root = new RootCommand("Morag Failover: tasks, workers and decisions of a cluster, from the command line");
        globals.AddTo(root);
        root.Add(new Command("worker", "The workers, and the worker agent of this machine") { WorkerRunCommand.Build(globals) });
        root.Add(DemoCommand.Build(globals));
        root.Add(HashCommand.Build());
        root.Add(CompletionCommand.Build());
        return root;
    }
}
