using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Morag.Failover.Contracts;

namespace Morag.Failover.Cli.Agents;

/// <summary>An outcome that waits to be delivered, by its place in the order.</summary>
internal sealed record WaitingOutcome(long Number, TaskOutcome Outcome, int Bytes);

/// <summary>
/// The outcomes that the node has not taken yet, in their order, also in a file: an agent that is killed and started again
/// with the same id still delivers what its last run had finished. Any thread may add; one delivers.
/// </summary>
internal sealed class OutcomeOutbox : IDisposable
{
    private readonly Lock changing = new();
    private readonly SortedDictionary<long, WaitingOutcome> waiting = [];
    private readonly SemaphoreSlim added = new(0);
    private readonly FileStream file;
    private long lastNumber;

    private OutcomeOutbox(FileStream file) => this.file = file;

    public bool IsEmpty
    {
        get
        {
            lock (changing)
            {
                return waiting.Count == 0;
            }
        }
    }

    /// <summary>Opens the spool, with what an earlier run left in it.</summary>
    public static OutcomeOutbox Open(string path)
    {
        var outbox = new OutcomeOutbox(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read));
        outbox.Load();
        return outbox;
    }

    public void Add(TaskOutcome outcome)
    {
        lock (changing)
        {
            var number = ++lastNumber;
            var bytes = Append(new SpoolLine { Number = number, Outcome = outcome });
            waiting.Add(number, new WaitingOutcome(number, outcome, bytes));
        }

        _ = added.Release();
    }

    /// <summary>The oldest outcomes: at least one where there is any, and no more than fit into one call.</summary>
    public ImmutableArray<WaitingOutcome> Oldest(int maxCount, int maxBytes)
    {
        lock (changing)
        {
            var batch = ImmutableArray.CreateBuilder<WaitingOutcome>();
            var bytes = 0;
            foreach (var outcome in waiting.Values)
            {
                bytes += outcome.Bytes;
                if (batch.Count == maxCount || (batch.Count > 0 && bytes > maxBytes))
                {
                    break;
                }

                batch.Add(outcome);
            }

            return batch.ToImmutable();
        }
    }

    /// <summary>The node has answered for these.</summary>
    public void Remove(IReadOnlyCollection<long> numbers)
    {
        lock (changing)
        {
            foreach (var number in numbers)
            {
                _ = waiting.Remove(number);
            }

            if (waiting.Count == 0)
            {
                file.SetLength(0);
            }
            else if (numbers.Count > 0)
            {
                _ = Append(new SpoolLine { Delivered = [.. numbers] });
            }
        }
    }

    /// <summary>Waits until something was added since the last call.</summary>
    public async Task AddedAsync(CancellationToken cancellation)
    {
        await added.WaitAsync(cancellation);
        while (added.Wait(0, CancellationToken.None))
        {
            // Everything that was added until now is seen at once.
        }
    }

    public void Dispose()
    {
        file.Dispose();
        added.Dispose();
    }

    private int Append(SpoolLine line)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(line, ContractsJson.Options);
        file.Seek(0, SeekOrigin.End);
        file.Write([.. bytes, (byte)'\n']);
        file.Flush();
        return bytes.Length;
    }

    private void Load()
    {
        using var reader = new StreamReader(file, Encoding.UTF8, leaveOpen: true);
        while (reader.ReadLine() is { } text)
        {
            if (Parse(text) is not { } line)
            {
                // The last line of an agent that was killed while it wrote: that outcome was told to nobody.
                continue;
            }

            if (line.Outcome is { } outcome)
            {
                waiting[line.Number] = new WaitingOutcome(line.Number, outcome, Encoding.UTF8.GetByteCount(text));
                lastNumber = Math.Max(lastNumber, line.Number);
            }

            foreach (var number in line.Delivered)
            {
                _ = waiting.Remove(number);
            }
        }

        Rewrite();
    }

    private void Rewrite()
    {
        file.SetLength(0);
        foreach (var outcome in waiting.Values)
        {
            _ = Append(new SpoolLine { Number = outcome.Number, Outcome = outcome.Outcome });
        }

        if (waiting.Count > 0)
        {
            _ = added.Release();
        }
    }

    private static SpoolLine? Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<SpoolLine>(text, ContractsJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record SpoolLine
    {
        public long Number { get; init; }

        public TaskOutcome? Outcome { get; init; }

        public ImmutableArray<long> Delivered { get; init; } = [];
    }
}
