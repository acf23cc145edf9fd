using System.Collections.Immutable;
using System.Text.Json;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Agents;

/// <summary>An outcome that waits for delivery, with its sequence number.</summary>
internal sealed record WaitingOutcome(long Number, TaskOutcome Outcome, int Bytes);

/// <summary>
/// The outcomes that the node has not answered for yet, in order, in memory and in a spool file. An agent that is killed and started again
/// with the same id delivers the outcomes of its last run. While the file cannot be written, the outcomes are in memory only, and the file
/// is rewritten later. Any thread may add outcomes; only one delivers them.
/// </summary>
internal sealed class OutcomeOutbox : IDisposable
{
    // A larger file of mostly delivered outcomes is rewritten, so that an agent that is never idle does not fill the disk.
    private const long CompactAbove = 4 * 1024 * 1024;
    private const int CompactFactor = 4;

    private readonly Lock changing = new();
    private readonly SortedDictionary<long, WaitingOutcome> waiting = [];
    private readonly SemaphoreSlim added = new(0);
    private readonly ISpoolFile file;
    private readonly AgentLog log;
    private readonly ProblemLog disk;
    private long lastNumber;
    private long waitingBytes;
    private bool behind;

    private OutcomeOutbox(ISpoolFile file, AgentLog log)
    {
        this.file = file;
        this.log = log;
        disk = new ProblemLog(log);
    }

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

    /// <summary>Opens the outbox with the outcomes of the last run.</summary>
    public static OutcomeOutbox Open(ISpoolFile file, AgentLog log)
    {
        var outbox = new OutcomeOutbox(file, log);
        outbox.Load();
        return outbox;
    }

    /// <summary>Keeps an outcome until it is delivered. Never throws.</summary>
    public void Add(TaskOutcome outcome)
    {
        lock (changing)
        {
            var number = ++lastNumber;
            var line = Line(new SpoolLine { Number = number, Outcome = outcome });
            waiting.Add(number, new WaitingOutcome(number, outcome, line.Length));
            waitingBytes += line.Length;
            Append(line);
        }

        _ = added.Release();
    }

    /// <summary>The oldest outcomes within the limits of a call, but at least one if there is any.</summary>
    public ImmutableArray<WaitingOutcome> Oldest(int maxCount, int maxBytes)
    {
        lock (changing)
        {
            return waiting.Values.FirstPage(maxCount, outcome => outcome.Bytes, maxBytes).Entries;
        }
    }

    /// <summary>Removes outcomes for which the node has answered. Never throws.</summary>
    public void Remove(IReadOnlyCollection<long> numbers)
    {
        lock (changing)
        {
            foreach (var number in numbers)
            {
                if (waiting.Remove(number, out var removed))
                {
                    waitingBytes -= removed.Bytes;
                }
            }

            if (waiting.Count == 0 || file.Length > CompactAbove + (CompactFactor * waitingBytes))
            {
                Rewrite();
            }
            else if (numbers.Count > 0)
            {
                Append(Line(new SpoolLine { Delivered = [.. numbers] }));
            }
        }
    }

    /// <summary>Rewrites the file if the last write failed. Never throws.</summary>
    public void RetryWrite()
    {
        lock (changing)
        {
            if (behind)
            {
                Rewrite();
            }
        }
    }

    /// <summary>Waits until an outcome has been added since the last call.</summary>
    public async Task WaitForOutcomeAsync(CancellationToken cancellation)
    {
        await added.WaitAsync(cancellation);
        while (added.Wait(0, CancellationToken.None))
        {
            // One wake-up is enough for all outcomes added so far.
        }
    }

    public void Dispose()
    {
        file.Dispose();
        added.Dispose();
    }

    private static byte[] Line(SpoolLine line) => [.. JsonSerializer.SerializeToUtf8Bytes(line, ContractsJson.Options), (byte)'\n'];

    private void Append(byte[] line)
    {
        if (behind)
        {
            Rewrite();
            return;
        }

        TryWrite(() => file.Append(line));
    }

    private void Rewrite() => TryWrite(() => file.Replace(
        waiting.Values.Select(outcome => Line(new SpoolLine { Number = outcome.Number, Outcome = outcome.Outcome }))));

    private void TryWrite(Action write)
    {
        try
        {
            write();
            behind = false;
            if (waiting.Count > 0)
            {
                // Writing an empty file works on a full disk too, and proves nothing.
                disk.Resolve("outcomes are saved in the work folder again");
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            behind = true;
            disk.Report(
                "outcomes are kept in memory only and are lost if this agent is killed: "
                + $"cannot write to the work folder: {failure.Message}",
                kind: "disk");
        }
    }

    private void Load()
    {
        var read = 0;
        foreach (var text in file.ReadLines())
        {
            read++;
            if (Parse(text) is not { } line)
            {
                log.Write(
                    $"cannot read line {read} of the outcomes from the last run: this outcome is lost, and its task will run again");
                continue;
            }

            if (line.Outcome is { } outcome)
            {
                waiting[line.Number] = new WaitingOutcome(line.Number, outcome, text.Length + 1);
                lastNumber = Math.Max(lastNumber, line.Number);
            }

            foreach (var number in line.Delivered.IsDefault ? [] : line.Delivered)
            {
                _ = waiting.Remove(number);
            }
        }

        waitingBytes = waiting.Values.Sum(outcome => (long)outcome.Bytes);
        if (read > 0)
        {
            Rewrite();
        }

        if (waiting.Count > 0)
        {
            _ = added.Release();
        }
    }

    private static SpoolLine? Parse(byte[] text)
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
