using System.Buffers;

namespace Morag.Failover.Cli.Agents.Processes;

/// <summary>How far the standard output of a command was read.</summary>
internal enum OutputState
{
    /// <summary>It is still open.</summary>
    Open,

    /// <summary>It was read to its end.</summary>
    Complete,

    /// <summary>It has more bytes than the cap.</summary>
    TooLong,

    /// <summary>Reading it failed.</summary>
    Broken,
}

/// <summary>Collects what a command writes to its standard output, up to a cap.</summary>
internal sealed class CommandOutput(int maxBytes)
{
    private readonly ArrayBufferWriter<byte> bytes = new();
    private readonly TaskCompletionSource overflow = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long length;

    public OutputState State { get; private set; }

    /// <summary>Completes when there are more bytes than the cap.</summary>
    public Task Overflow => overflow.Task;

    /// <summary>Why reading failed.</summary>
    public string? Problem { get; private set; }

    /// <summary>How much has been read; any thread may ask.</summary>
    public long Length => Interlocked.Read(ref length);

    public byte[] ToArray() => bytes.WrittenSpan.ToArray();

    /// <summary>Reads until the end, the cap, a failure or the cancellation, which leaves it <see cref="OutputState.Open"/>.</summary>
    public async Task ReadAsync(Stream stream, CancellationToken cancellation)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellation)) > 0)
            {
                if (bytes.WrittenCount + read > maxBytes)
                {
                    State = OutputState.TooLong;
                    overflow.SetResult();
                    return;
                }

                bytes.Write(buffer.AsSpan(0, read));
                Interlocked.Add(ref length, read);
            }

            State = OutputState.Complete;
        }
        catch (OperationCanceledException)
        {
            // The caller knows why.
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or System.Net.Sockets.SocketException)
        {
            State = OutputState.Broken;
            Problem = failure.Message;
        }
    }
}
