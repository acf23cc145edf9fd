namespace Morag.Persistence.Redis.Inspection;

/// <summary>A persistence id under which events have been written.</summary>
/// <param name="PersistenceId">The persistence id.</param>
/// <param name="HighestSequenceNr">Its highest sequence number. The event with this number may have been deleted.</param>
/// <param name="Events">Number of stored events.</param>
public sealed record InspectedId(string PersistenceId, long HighestSequenceNr, long Events);

/// <summary>A page of persistence ids, in no order.</summary>
/// <param name="Ids">The persistence ids.</param>
/// <param name="Next">Position of the next page. Null if this is the last page.</param>
public sealed record InspectedIdPage(IReadOnlyList<InspectedId> Ids, string? Next);
