using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Morag.Failover.TestProcesses.Networks;

/// <summary>
/// A host of a <see cref="TestNetwork"/>: a network namespace with a loopback device and one address that others can reach.
/// </summary>
public sealed partial class NetworkHost
{
    private const int NetworkNamespace = 0x40000000;

    internal NetworkHost(string name, string address)
    {
        Name = name;
        Address = address;
    }

    /// <summary>The name of its namespace.</summary>
    public string Name { get; }

    /// <summary>The address at which other hosts reach it.</summary>
    public string Address { get; }

    /// <summary>The words before the command line of a program that runs on this host.</summary>
    public IReadOnlyList<string> Launcher => ["ip", "netns", "exec", Name];

    /// <summary>
    /// A handler whose connections start on this host, so that 127.0.0.1 is its own loopback device. The caller disposes it.
    /// </summary>
    public SocketsHttpHandler CreateHandler() => new()
    {
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = CreateSocket();
            try
            {
                await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };

    /// <summary>A socket for TCP on this host.</summary>
    // A socket stays in the namespace of the thread that created it, so a thread enters the namespace, and ends.
    public Socket CreateSocket()
    {
        Socket? created = null;
        var error = 0;
        var thread = new Thread(() =>
        {
            using var file = File.OpenHandle($"/run/netns/{Name}");
            if (Enter(file, NetworkNamespace) == 0)
            {
                created = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            }
            else
            {
                error = Marshal.GetLastPInvokeError();
            }
        });
        thread.Start();
        thread.Join();
        return created ?? throw new InvalidOperationException($"The network namespace {Name} could not be entered: error {error}");
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int Enter(SafeFileHandle file, int kind);
}
