using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Node.Http.Journal;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary><c>morag journal</c>: read-only access to the stored events.</summary>
internal static class JournalPalette
{
    private static readonly PaletteParameter Id = InQuery("id", "The persistence id, such as queue-0 or worker-NAME");

    public static Palette Journal { get; } = new()
    {
        Name = "journal",
        Summary = "Inspect the stored events",
        Commands =
        [
            Get("ids", "/journal/ids", "List the persistence ids, unordered") with
            {
                Paged = true,
                Columns =
                [
                    Column("persistence id", "persistence_id"),
                    Column("highest number", "highest_sequence_nr"),
                    Column("events stored", "events"),
                ],
            },
            Get("events", "/journal/events", "List the stored events of one persistence id, oldest first") with
            {
                Arguments = [Id with { Required = true }],
                Options = [InQuery("from", "The first sequence number") with { Type = ParameterType.WholeNumber, Least = 0 }],
                Paged = true,
                Columns =
                [
                    Column("number", "sequence_nr"),
                    Column("written", "written_at", ColumnFormat.Time),
                    Column("manifest", "manifest"),
                    Column("bytes", "size"),
                    Column("unreadable", "unreadable"),
                    Column("event", "event"),
                ],
            },
            Get("sizes", "/journal/sizes", "Show the total size and the largest persistence ids. Reads every key of the database") with
            {
                Options =
                [
                    InQuery("top", "How many of the largest to show (default 20)") with
                    {
                        Type = ParameterType.WholeNumber,
                        Least = 1,
                        Most = JournalEndpoints.MostLargest,
                    },
                ],
                View = PaletteView.Record,
                Columns =
                [
                    Column("persistence ids", "ids"),
                    Column("events", "events"),
                    Column("bytes of events", "event_bytes"),
                    Column("snapshots", "snapshots"),
                    Column("bytes of snapshots", "snapshot_bytes"),
                    Column("largest", "largest", ColumnFormat.Lines),
                ],
            },
            Get("verify", "/journal/verify", "Check the entries of one persistence id or of all, and list defects. Reads every entry") with
            {
                Arguments = [Id],
                Paged = true,
                Columns =
                [
                    Column("persistence id", "persistence_id"),
                    Column("number", "sequence_nr"),
                    Column("defect", "kind"),
                    Column("matters", "matters"),
                    Column("key", "key"),
                    Column("detail", "detail"),
                ],
            },
        ],
    };
}
