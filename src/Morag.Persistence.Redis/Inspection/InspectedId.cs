namespace Morag.Persistence.Redis.Inspection;

/// <summary>A persistence id that has written.</summary>
/// <param name="PersistenceId">The id.</param>
/// <param name="HighestSequenceNr">The highest number that it has used.</param>
/// <param name="Events">How many events are stored.</param>
public sealed record InspectedId(string PersistenceId, long HighestSequenceNr, long Events);

/// <summary>Some persistence ids, in no order.</summary>
/// <param name="Ids">The ids.</param>
/// <param name="Next">Where to read on; null at the end.</param>
public sealed record InspectedIdPage(IReadOnlyList<InspectedId> Ids, string? Next);
