using System.Collections.Immutable;
using System.Text.Json;
using Morag.Failover.Actors.Queues;
using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Node.Stores;

/// <summary>
/// Which epochs were granted, as far as this node knows, in the <see cref="JournalRecord"/>. They are recorded in blocks before they are
/// granted, so that a grant seldom waits for the disk; after a kill the epochs begin above the block, and some numbers are left out.
/// </summary>
public sealed class EpochRecord : IEpochFloors
{
    private const long SmallestBlock = 1_000;
    private const long LargestBlock = 1_000_000;

    /// <summary>A block that lasts for less makes the next one twice as large.</summary>
    private static readonly TimeSpan ShortBlock = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly JournalRecord record;
    private readonly TimeProvider time;
    private readonly ILogger log;

    // From before this process, and from other nodes.
    private readonly Dictionary<int, long> floors;
    private readonly Dictionary<int, long> granted = [];
    private readonly Dictionary<int, Block> blocks = [];

    /// <summary>Begins with what is recorded.</summary>
    public EpochRecord(JournalRecord record, TimeProvider time, ILogger log)
    {
        this.record = record;
        this.time = time;
        this.log = log;
        floors = All.ToDictionary();
    }

    /// <summary>Receives each block that is recorded: partition and last epoch. Called on the thread of whoever needs it.</summary>
    public event Action<int, long>? Recorded;

    /// <summary>What is recorded, by partition.</summary>
    public ImmutableSortedDictionary<int, long> All => record.Current?.Epochs ?? ImmutableSortedDictionary<int, long>.Empty;

    /// <inheritdoc />
    public LeaseEpoch Of(int partition)
    {
        lock (gate)
        {
            return new LeaseEpoch(Math.Max(floors.GetValueOrDefault(partition), granted.GetValueOrDefault(partition)));
        }
    }

    /// <inheritdoc />
    public void Reserve(int partition, LeaseEpoch upTo)
    {
        long last;
        lock (gate)
        {
            granted[partition] = Math.Max(upTo.Value, granted.GetValueOrDefault(partition));
            var block = blocks.GetValueOrDefault(partition);
            if (block is not null && upTo.Value <= block.Last)
            {
                return;
            }

            var size = block is null || time.GetElapsedTime(block.At) > ShortBlock ? SmallestBlock : Math.Min(2 * block.Size, LargestBlock);
            last = upTo.Value + size;
            blocks[partition] = new Block(last, size, time.GetTimestamp());
            Write(() => record.RaiseEpochs([new(partition, last)]));
        }

        Recorded?.Invoke(partition, last);
    }

    /// <inheritdoc />
    public void Release(int partition, LeaseEpoch granted)
    {
        lock (gate)
        {
            if (blocks.Remove(partition, out var block))
            {
                var exact = Math.Max(granted.Value, Of(partition).Value);
                floors[partition] = exact;
                Write(() => record.LowerEpoch(partition, block.Last, exact));
            }
        }
    }

    /// <summary>Takes in what another node has recorded.</summary>
    public void Learn(IReadOnlyDictionary<int, long> others)
    {
        lock (gate)
        {
            // What is within this node's own block most likely comes from here, and is taken care of.
            var news = others.Where(other => other.Value > floors.GetValueOrDefault(other.Key) && other.Value > (blocks.GetValueOrDefault(other.Key)?.Last ?? 0)).ToList();
            foreach (var (partition, epoch) in news)
            {
                floors[partition] = epoch;
            }

            if (news.Count > 0)
            {
                Write(() => record.RaiseEpochs(news));
            }
        }
    }

    private void Write(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            log.LogError(
                "{File} could not be read and written: if Redis loses data before it can, epochs of leases may be given out again: {Why}", record.File, e.Message);
        }
    }

    private sealed record Block(long Last, long Size, long At);
}
