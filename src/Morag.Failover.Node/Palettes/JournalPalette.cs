using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Node.Http.Journal;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary><c>morag journal</c>: what is stored, as it is stored. It changes nothing.</summary>
internal static class JournalPalette
{
    private static readonly PaletteParameter Id = InQuery("id", "The persistence id, such as queue-0 or worker-NAME");

    public static Palette Journal { get; } = new()
    {
        Name = "journal",
        Summary = "What is stored: events, sizes, and whether all of it can be read",
        Commands =
        [
            Get("ids", "/journal/ids", "Who has written, in no order") with
            {
                Paged = true,
                Columns =
                [
                    Column("persistence id", "persistence_id"),
                    Column("highest number", "highest_sequence_nr"),
                    Column("events stored", "events"),
                ],
            },
            Get("events", "/journal/events", "The stored events of one persistence id, oldest first") with
            {
                Arguments = [Id with { Required = true }],
                Options = [InQuery("from", "The sequence number to begin with") with { Type = ParameterType.WholeNumber, Least = 0 }],
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
            Get("sizes", "/journal/sizes", "What all entries take up, and whose take up most. Looks at every key of the database") with
            {
                Options = [InQuery("top", "How many of the largest to name (default 20)") with { Type = ParameterType.WholeNumber, Least = 1, Most = JournalEndpoints.MostLargest }],
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
            Get("verify", "/journal/verify", "What is wrong with what is stored, of one persistence id or of all: none is good. Reads every entry") with
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
