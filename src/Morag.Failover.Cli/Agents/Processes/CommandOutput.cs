using System.Buffers;

namespace Morag.Failover.Cli.Agents.Processes;

/// <summary>How far a command's standard output has been read.</summary>
internal enum OutputState
{
    /// <summary>It is still open.</summary>
    Open,

    /// <summary>It was read to its end.</summary>
    Complete,

    /// <summary>It exceeds the limit.</summary>
    TooLong,

    /// <summary>Reading it failed.</summary>
    Broken,
}

/// <summary>Collects a command's standard output, up to a limit.</summary>
internal sealed class CommandOutput(int maxBytes)
{
    private readonly ArrayBufferWriter<byte> bytes = new();
    private readonly TaskCompletionSource overflow = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long length;

    public OutputState State { get; private set; }

    /// <summary>Completes when the output exceeds the limit.</summary>
    public Task Overflow => overflow.Task;

    /// <summary>Why reading failed.</summary>
    public string? Problem { get; private set; }

    /// <summary>The number of bytes read so far. It is thread-safe.</summary>
    public long Length => Interlocked.Read(ref length);

    public byte[] ToArray() => bytes.WrittenSpan.ToArray();

    /// <summary>Reads until the end, the limit or a failure. Cancellation leaves the state <see cref="OutputState.Open"/>.</summary>
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
            // The state says that the output is still open.
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or System.Net.Sockets.SocketException)
        {
            State = OutputState.Broken;
            Problem = failure.Message;
        }
    }
}
