using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Morag.Redis.TestServers;

/// <summary>
/// Reserves ports on 127.0.0.1 for the servers of this process, so a server finds its port free again after a restart, however many test
/// processes run at once. A process reserves a block of ports with an exclusively opened file, which the operating system closes when
/// the process ends or is killed.
/// </summary>
public sealed class TestPorts : IDisposable
{
    /// <summary>Number of ports in a block.</summary>
    public const int BlockSize = 100;

    // Below the range for outgoing connections, which could otherwise occupy a port before its server does.
    private const int FirstPort = 15_000;
    private const int Blocks = 170;

    private readonly Lock gate = new();
    private readonly string folder;
    private readonly Func<int, bool> isUnused;
    private readonly List<FileStream> held = [];
    private readonly Queue<int> left = [];
    private readonly Queue<int> untried;

    /// <param name="folder">Folder of the files that reserve blocks.</param>
    /// <param name="isUnused">Whether no program listens on a port. Called only for ports that this process has reserved.</param>
    public TestPorts(string folder, Func<int, bool> isUnused)
    {
        this.isUnused = isUnused;
        this.folder = Directory.CreateDirectory(folder).FullName;
        var start = Random.Shared.Next(Blocks);
        untried = new Queue<int>(Enumerable.Range(0, Blocks).Select(block => (start + block) % Blocks));
    }

    internal static TestPorts OfThisProcess { get; } = new(Path.Combine(Path.GetTempPath(), "morag-test-ports"), IsUnused);

    /// <summary>Returns an unused port that it has not returned before.</summary>
    /// <exception cref="InvalidOperationException">Other processes have reserved all remaining blocks.</exception>
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

                ReserveBlock();
            }
        }
    }

    /// <summary>Releases all blocks.</summary>
    public void Dispose() => held.ForEach(file => file.Dispose());

    private void ReserveBlock()
    {
        while (untried.TryDequeue(out var block))
        {
            var first = FirstPort + (block * BlockSize);
            try
            {
                var file = Path.Combine(folder, first.ToString(CultureInfo.InvariantCulture));
                held.Add(new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another process has reserved the block, or another user owns the file.
                continue;
            }

            foreach (var port in Enumerable.Range(first, BlockSize))
            {
                left.Enqueue(port);
            }

            return;
        }

        throw new InvalidOperationException(
            $"No free ports: other test processes have reserved all remaining blocks (see {folder})");
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
