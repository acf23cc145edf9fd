using System.Net;
using System.Net.Sockets;
using Morag.Failover.Cli.Agents;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Client.Connection;

namespace Morag.Failover.Cli.Demo;

/// <summary>The node that the demo uses: a running one, or one that it starts with its own data and stops at the end.</summary>
internal sealed class DemoNode : IAsyncDisposable
{
    private const string NodeProgram = "Morag.Failover.Node";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly DemoProcess? process;
    private readonly string? data;

    private DemoNode(NodeConnection connection, BearerToken token, DemoProcess? process, string? data)
    {
        Connection = connection;
        Token = token;
        this.process = process;
        this.data = data;
    }

    public NodeConnection Connection { get; }

    public BearerToken Token { get; }

    public static DemoNode Running(NodeConnection connection, BearerToken token) => new(connection, token, null, null);

    /// <summary>Starts a node and waits until it is ready.</summary>
    /// <exception cref="CommandFailure">The node's program was not found, or the node did not become ready.</exception>
    public static async Task<DemoNode> StartAsync(Guardian guardian, TimeProvider clock, CancellationToken cancellation)
    {
        var program = FindProgram() ?? throw new CommandFailure(
            ExitCode.Unreachable,
            $"no node is running, and the node's program was not found. Build src/{NodeProgram}, or give a running node with --node");
        var address = new Uri($"http://127.0.0.1:{FreePort()}/");
        var data = Directory.CreateTempSubdirectory("morag-demo-").FullName;
        var lastLines = new Queue<string>();
        var process = DemoProcess.Start(
            guardian,
            program,
            new Dictionary<string, string>
            {
                ["MORAG_HTTP"] = address.GetLeftPart(UriPartial.Authority),
                ["MORAG_DATA"] = data,
                ["MORAG_PORT"] = "0",
                ["MORAG_SEEDS"] = "",
                ["MORAG_REDIS"] = "",
                ["MORAG_TOKEN"] = "",
            },
            line => Remember(lastLines, line));
        var node = new DemoNode(new NodeConnection(address, BearerToken.None), BearerToken.None, process, data);
        try
        {
            await node.WaitUntilReadyAsync(lastLines, clock, cancellation);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Connection.Dispose();
        if (process is not null)
        {
            await process.DisposeAsync();
        }

        if (data is not null)
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private async Task WaitUntilReadyAsync(Queue<string> lastLines, TimeProvider clock, CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            try
            {
                using var ready = await Connection.SendAsync(
                    () => new HttpRequestMessage(HttpMethod.Get, "/health/ready"), TimeSpan.FromSeconds(5), streamed: false, cancellation);
                return;
            }
            catch (Exception failure) when (failure is NodeUnreachable or NodeRefused)
            {
                if (process!.HasExited || clock.GetElapsedTime(started) > StartTimeout)
                {
                    string[] last;
                    lock (lastLines)
                    {
                        last = [.. lastLines];
                    }

                    throw new CommandFailure(
                        ExitCode.Unreachable, $"the node did not become ready. Its last output:\n{string.Join('\n', last)}");
                }

                await Task.Delay(TimeSpan.FromMilliseconds(100), clock, cancellation);
            }
        }
    }

    private static void Remember(Queue<string> lastLines, string line)
    {
        lock (lastLines)
        {
            lastLines.Enqueue(line);
            if (lastLines.Count > 20)
            {
                _ = lastLines.Dequeue();
            }
        }
    }

    // Installed beside this program, or the newest build of the repository that contains this program or the current folder.
    private static IReadOnlyList<string>? FindProgram()
    {
        string[] beside =
        [
            Path.Combine(AppContext.BaseDirectory, NodeProgram + ".dll"),
            Path.Combine(AppContext.BaseDirectory, "node", NodeProgram + ".dll"),
        ];
        var found = beside.FirstOrDefault(File.Exists) ?? new[] { AppContext.BaseDirectory, Directory.GetCurrentDirectory() }
            .SelectMany(WithParents)
            .Select(folder => Path.Combine(folder, "src", NodeProgram, "bin"))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, NodeProgram + ".dll", SearchOption.AllDirectories))
            .Where(path => File.Exists(Path.ChangeExtension(path, ".runtimeconfig.json")))
            .MaxBy(File.GetLastWriteTimeUtc);
        return found is null ? null : ["dotnet", found];
    }

    private static IEnumerable<string> WithParents(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            yield return at.FullName;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
