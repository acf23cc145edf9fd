using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Event;
using Morag.Persistence.Redis.Connection;

namespace Morag.Persistence.Redis.Query;

/// <summary>Reads the persistence ids, page by page on demand.</summary>
internal sealed class PersistenceIdQuery(ActorSystem system, RedisConnection connection, ReadJournalSettings settings)
{
    /// <summary>Returns each id that exists throughout the query, and perhaps some that are created while it runs.</summary>
    public async IAsyncEnumerable<string> ReadCurrentAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var found = new HashSet<string>();
        await foreach (var id in ScanAsync(cancellation).ConfigureAwait(false))
        {
            if (found.Add(id)) yield return id;
        }
    }

    /// <summary>Returns the existing ids, and then new ids as they are created.</summary>
    public async IAsyncEnumerable<string> ReadLiveAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var found = new HashSet<string>();
        var outage = new Outage(system.Log, "for persistence ids");
        while (true)
        {
            var round = ScanAsync(cancellation).GetAsyncEnumerator(cancellation);
            await using var _ = round.ConfigureAwait(false);
            while (await MoveNextAsync(round).ConfigureAwait(false))
            {
                if (found.Add(round.Current)) yield return round.Current;
            }

            await Task.Delay(settings.PersistenceIdsRefreshInterval, cancellation).ConfigureAwait(false);
        }

        // A failed round ends here, and the next one starts from the beginning.
        async Task<bool> MoveNextAsync(IAsyncEnumerator<string> round)
        {
            try
            {
                var moved = await round.MoveNextAsync().ConfigureAwait(false);
                outage.End();
                return moved;
            }
            catch (Exception e) when (Outage.IsTransient(e))
            {
                outage.Begin(e);
                return false;
            }
        }
    }

    private async IAsyncEnumerable<string> ScanAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var open = await connection.OpenAsync(cancellation).ConfigureAwait(false);
        var scan = await PersistenceIdScan.BeginAsync(open, cancellation).ConfigureAwait(false);
        for (PersistenceIdScan.Position? position = PersistenceIdScan.Position.Start; position is { } here;)
        {
            var page = await scan.ReadAsync(here, cancellation).ConfigureAwait(false);
            foreach (var id in page.Ids) yield return id;
            position = page.Next;
        }
    }
}
