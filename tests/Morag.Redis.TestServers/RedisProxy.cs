using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;

namespace Morag.Redis.TestServers;

/// <summary>What a <see cref="RedisProxy"/> does to the connection of the next matching request.</summary>
public enum ProxyFault
{
    /// <summary>The connection breaks before the request is sent. The server never receives it.</summary>
    CutBefore,

    /// <summary>The connection breaks when the server has received part of the request.</summary>
    CutWithin,

    /// <summary>The connection breaks after the server has replied, and before the reply arrives.</summary>
    CutAfter,

    /// <summary>The connection stays open, but no more replies arrive.</summary>
    SwallowReplies,

    /// <summary>The connection breaks for the client. The server receives the request when the test releases it.</summary>
    HoldBack,
}

/// <summary>
/// A TCP proxy between clients and a test server that injects faults. A fault applies to the next request that contains a given word.
/// </summary>
public sealed class RedisProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, RedisTestServer.FreePort());
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private readonly List<ProxiedConnection> connections = [];
    private readonly RedisTestServer server;
    private readonly EndPoint upstream;
    private readonly Task accepting;
    private ArmedFault? armed;
    private TaskCompletionSource open = new();
    private TaskCompletionSource repliesOpen = new();

    private RedisProxy(RedisTestServer server)
    {
        this.server = server;
        upstream = ConfigurationOptions.Parse(server.Address).EndPoints[0];
        open.SetResult();
        repliesOpen.SetResult();
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    /// <summary>Port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>The server's connection string with the address of the proxy.</summary>
    public string ConnectionString => server.ConnectionString.Replace(server.Address, $"127.0.0.1:{Port}", StringComparison.Ordinal);

    /// <summary>Starts a proxy in front of a server.</summary>
    public static RedisProxy Start(RedisTestServer server) => new(server);

    /// <summary>Injects a fault into the next request that contains a word. The task completes when that has happened.</summary>
    public Task FailNextAsync(ProxyFault fault, string word = "EVAL")
    {
        lock (gate)
        {
            armed = new ArmedFault(fault, System.Text.Encoding.ASCII.GetBytes(word));
            return armed.Injected.Task;
        }
    }

    /// <summary>Breaks every open connection.</summary>
    public void Cut()
    {
        foreach (var connection in SnapshotConnections())
        {
            connection.Close();
        }
    }

    /// <summary>From now on, the proxy holds bytes in both directions, and new connections.</summary>
    public void Stall()
    {
        lock (gate)
        {
            open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>From now on, the proxy holds replies, while requests still reach the server.</summary>
    public void HoldReplies()
    {
        lock (gate)
        {
            repliesOpen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Ends <see cref="Stall"/> and <see cref="HoldReplies"/>, and delivers what was held.</summary>
    public void Resume()
    {
        open.TrySetResult();
        repliesOpen.TrySetResult();
    }

    /// <summary>Sends the requests held by <see cref="ProxyFault.HoldBack"/>. The task completes when the server has replied.</summary>
    public async Task ReleaseAsync()
    {
        foreach (var connection in SnapshotConnections())
        {
            await connection.ReleaseAsync();
        }
    }

    /// <summary>Breaks all connections and accepts no more.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        Resume();
        listener.Stop();
        Cut();
        await accepting;
        stopping.Dispose();
    }

    internal Task AwaitOpenAsync() => open.Task;

    internal Task AwaitRepliesOpenAsync() => Task.WhenAll(open.Task, repliesOpen.Task);

    /// <summary>Returns the fault for this request, if any, and disarms it.</summary>
    internal ArmedFault? MatchFault(ReadOnlySpan<byte> request)
    {
        lock (gate)
        {
            if (armed is null || request.IndexOf(armed.Word) < 0)
            {
                return null;
            }

            var matched = armed;
            armed = null;
            return matched;
        }
    }

    private ProxiedConnection[] SnapshotConnections()
    {
        lock (gate)
        {
            return [.. connections];
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptSocketAsync(stopping.Token);
                await AwaitOpenAsync();
                var connection = new ProxiedConnection(this, client, upstream);
                lock (gate)
                {
                    connections.Add(connection);
                }

                connection.Start();
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    internal sealed record ArmedFault(ProxyFault Fault, byte[] Word)
    {
        public TaskCompletionSource Injected { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
