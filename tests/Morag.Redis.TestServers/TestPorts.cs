using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Morag.Redis.TestServers;

/// <summary>
/// Ports on 127.0.0.1 for the servers of this process alone: a server that is killed finds its port again when it is restarted,
/// however many test processes run at once. The ports come in blocks. A process holds a block by an exclusively opened file, which the
/// operating system closes when the process ends, also when it is killed.
/// </summary>
public sealed class TestPorts : IDisposable
{
    /// <summary>Ports in a block.</summary>
    public const int BlockSize = 100;

    // Below the ports that outgoing connections get: one of those could take a port before its server does.
    private const int FirstPort = 15_000;
    private const int Blocks = 170;

    private readonly Lock gate = new();
    private readonly string folder;
    private readonly Func<int, bool> isUnused;
    private readonly List<FileStream> held = [];
    private readonly Queue<int> left = [];
    private readonly Queue<int> untried;

    /// <param name="folder">Where the files are by which processes hold their blocks.</param>
    /// <param name="isUnused">Whether nobody listens on a port now. Asked only of ports that this process holds.</param>
    public TestPorts(string folder, Func<int, bool> isUnused)
    {
        this.isUnused = isUnused;
        this.folder = Directory.CreateDirectory(folder).FullName;
        var start = Random.Shared.Next(Blocks);
        untried = new Queue<int>(Enumerable.Range(0, Blocks).Select(block => (start + block) % Blocks));
    }

    /// <summary>Those of this process.</summary>
    internal static TestPorts OfThisProcess { get; } = new(Path.Combine(Path.GetTempPath(), "morag-test-ports"), IsUnused);

    /// <summary>A port that nobody uses now, and that is never given again.</summary>
    public int Next()
    {
        lock (gate)
        {
            while (true)
            {
                while (left.TryDequeue(out var port))
                {
                    if (isUnused(port))
                    {
                        return port;
                    }
                }

                HoldAnotherBlock();
            }
        }
    }

    /// <summary>Leaves the ports to others.</summary>
    public void Dispose() => held.ForEach(file => file.Dispose());

    private void HoldAnotherBlock()
    {
        while (untried.TryDequeue(out var block))
        {
            var first = FirstPort + (block * BlockSize);
            try
            {
                held.Add(new FileStream(
                    Path.Combine(folder, first.ToString(CultureInfo.InvariantCulture)), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another process holds it, or another user made it.
                continue;
            }

            foreach (var port in Enumerable.Range(first, BlockSize))
            {
                left.Enqueue(port);
            }

            return;
        }

        throw new InvalidOperationException($"No ports are left: other test processes hold all blocks that this one does not (see {folder})");
    }

    private static bool IsUnused(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
