using System.CommandLine;
using Morag.Failover.Cli.Agents;
using Morag.Failover.Cli.Demo;
using Morag.Failover.Cli.Top;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>The commands that do not come from the node's palettes.</summary>
internal static class BuiltInCommands
{
    public static RootCommand Build(GlobalOptions globals)
    {
        var root = new RootCommand("Manage the tasks, workers and failover decisions of a Morag Failover cluster");
        globals.AddTo(root);
        root.Add(new Command("worker", "Manage workers, or run one on this machine") { WorkerRunCommand.Build(globals) });
        root.Add(DemoCommand.Build(globals));
        root.Add(HashCommand.Build());
        root.Add(TopCommand.Build(globals));
        root.Add(HealthCommand.Build(globals));
        root.Add(CompletionCommand.Build());
        return root;
    }
}
