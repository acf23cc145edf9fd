using System.Globalization;
using Morag.Failover.Cli.Agents;

namespace Morag.Failover.Cli.Demo;

/// <summary>The three agents of the demo: real <c>morag worker run</c> processes, of which one is killed.</summary>
internal sealed class DemoAgents : IAsyncDisposable
{
    public const int SlotsOfEach = 8;

    private static readonly string[] Letters = ["a", "b", "c"];

    private readonly Dictionary<string, DemoProcess> agents = [];
    private readonly string folder = Directory.CreateTempSubdirectory("morag-demo-agents-").FullName;
    private int completed;

    private DemoAgents()
    {
    }

    public IEnumerable<string> Living => agents.Keys;

    /// <summary>How many tasks the agents say they completed: for the progress shown, not for the summary.</summary>
    public int Completed => Volatile.Read(ref completed);

    public static DemoAgents Start(Guardian guardian, DemoNode node, string run, string queue, string contentType, TimeSpan delay)
    {
        var all = new DemoAgents();
        foreach (var letter in Letters)
        {
            var worker = $"demo-{run}-{letter}";
            string[] words =
            [
                .. Self(), "worker", "run", "--node", node.Connection.Node.ToString(), "--worker-id", worker, "--work-dir", all.folder,
                "--queues", queue, "--capability", "cpu", "--slots", SlotsOfEach.ToString(CultureInfo.InvariantCulture),
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

    // The path comes on the standard input. The x keeps line feeds at its end, which the shell would cut.
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
