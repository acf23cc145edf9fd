using System.Collections.Immutable;
using System.Text.Json;
using Morag.Failover.Actors.Queues;
using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Node.Stores;

/// <summary>
/// The granted epochs that this node knows of, stored in the <see cref="JournalRecord"/>. Epochs are recorded in blocks before they are
/// granted, so that a grant rarely waits for the disk. After a kill, epochs continue above the block, which skips some numbers.
/// </summary>
public sealed class EpochRecord : IEpochFloors
{
    private const long SmallestBlock = 1_000;
    private const long LargestBlock = 1_000_000;

    /// <summary>If a block is used up in less time, the next one is twice as large.</summary>
    private static readonly TimeSpan ShortBlock = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly JournalRecord record;
    private readonly TimeProvider time;
    private readonly ILogger log;

    // From earlier processes and from other nodes.
    private readonly Dictionary<int, long> floors;
    private readonly Dictionary<int, long> granted = [];
    private readonly Dictionary<int, Block> blocks = [];

    /// <summary>Starts with the recorded epochs.</summary>
    public EpochRecord(JournalRecord record, TimeProvider time, ILogger log)
    {
        this.record = record;
        this.time = time;
        this.log = log;
        floors = All.ToDictionary();
    }

    /// <summary>Raised for each recorded block with the partition and the last epoch, on the thread that reserves it.</summary>
    public event Action<int, long>? Recorded;

    /// <summary>The recorded epochs by partition.</summary>
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

    /// <summary>Records the epochs of other nodes.</summary>
    public void Learn(IReadOnlyDictionary<int, long> others)
    {
        lock (gate)
        {
            // An epoch within this node's own block most likely originates here and is already recorded.
            var news = others
                .Where(other => other.Value > floors.GetValueOrDefault(other.Key)
                    && other.Value > (blocks.GetValueOrDefault(other.Key)?.Last ?? 0))
                .ToList();
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
            log.EpochsNotRecorded(record.File, e.Message);
        }
    }

    private sealed record Block(long Last, long Size, long At);
}
