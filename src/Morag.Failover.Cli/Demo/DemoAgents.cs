using System.Globalization;
using Morag.Failover.Cli.Agents;

namespace Morag.Failover.Cli.Demo;

/// <summary>The demo's three agents, each a <c>morag worker run</c> process.</summary>
internal sealed class DemoAgents : IAsyncDisposable
{
    public const int SlotsPerAgent = 8;

    private static readonly string[] Letters = ["a", "b", "c"];

    private readonly Dictionary<string, DemoProcess> agents = [];
    private readonly string folder = Directory.CreateTempSubdirectory("morag-demo-agents-").FullName;
    private int completed;

    private DemoAgents()
    {
    }

    public IEnumerable<string> Running => agents.Keys;

    /// <summary>The number of completions in the agents' logs. It drives the progress lines, not the summary.</summary>
    public int Completed => Volatile.Read(ref completed);

    /// <summary>The ids of the agents of a run.</summary>
    public static IReadOnlyList<string> Workers(string run) => [.. Letters.Select(letter => $"demo-{run}-{letter}")];

    public static DemoAgents Start(Guardian guardian, DemoNode node, string run, string queue, string contentType, TimeSpan delay)
    {
        var all = new DemoAgents();
        foreach (var worker in Workers(run))
        {
            string[] words =
            [
                .. Self(), "worker", "run", "--node", node.Connection.Node.ToString(), "--worker-id", worker, "--work-dir", all.folder,
                "--queues", queue, "--capability", "cpu", "--slots", SlotsPerAgent.ToString(CultureInfo.InvariantCulture),
                "--content-types", contentType, "--tag", "purpose=demo", "--", .. HashFile(delay),
            ];
            all.agents[worker] = DemoProcess.Start(
                guardian, words, new Dictionary<string, string> { ["MORAG_TOKEN"] = node.Token.Current ?? "" }, all.OnLine);
        }

        return all;
    }

    public void Kill(string worker)
    {
        agents[worker].Kill();
        agents.Remove(worker);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(agents.Values.Select(agent => agent.DisposeAsync().AsTask()));
        Directory.Delete(folder, recursive: true);
    }

    private void OnLine(string line)
    {
        if (line.EndsWith(": completed", StringComparison.Ordinal))
        {
            _ = Interlocked.Increment(ref completed);
        }
    }

    // Standard input holds the path. The x protects trailing line feeds, which $(...) would strip.
    private static string[] HashFile(TimeSpan delay)
    {
        var seconds = delay.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        return Executables.Find("sh") is { } shell && Executables.Find("sha256sum") is not null
            ? [shell, "-c", $"path=$(cat; printf x); sleep {seconds}; exec sha256sum < \"${{path%x}}\""]
            : [.. Self(), "hash", "--delay", seconds];
    }

    private static string[] Self() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "morag"
            ? [Environment.ProcessPath!]
            : ["dotnet", Path.Combine(AppContext.BaseDirectory, "morag.dll")];
}
