using System.CommandLine;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Cli.Palettes;
using Morag.Failover.Cli.Terminals;
using Morag.Failover.Client.Connection;

namespace Morag.Failover.Cli.Top;

/// <summary><c>morag top</c>: a live view of queues, workers and incidents.</summary>
internal static class TopCommand
{
    public static Command Build(GlobalOptions globals)
    {
        var interval = NumberOption.WithDefault("--interval", "Seconds between two looks at the cluster", 2.0, 0.5, 3600);
        var command = new Command("top", "Watch queues, workers and incidents; q leaves. Without a terminal, print them once") { interval };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var node = globals.Connect(parsed);
            if (parsed.InvocationConfiguration.Output is PrintedText { IsTerminal: true } && Terminal.IsPresent)
            {
                var pause = TimeSpan.FromSeconds(parsed.GetValue(interval));
                var colors = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
                return await new TopScreen(new Terminal(), node, TimeProvider.System, pause, colors).RunAsync(cancellation);
            }

            var data = await TopData.ReadAsync(node, TimeProvider.System, cancellation);
            foreach (var line in TopFrame.Lines(data, null, 200, null, colors: false))
            {
                await parsed.InvocationConfiguration.Output.WriteLineAsync(line.TrimEnd());
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
