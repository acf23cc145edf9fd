using System.Buffers.Text;
using System.Text.Json;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Tasks;

/// <summary>
/// The place after which the next page of a sorted list starts, as the text of a query parameter. Clients do not read it.
/// </summary>
internal static class SearchCursor
{
    /// <summary>Longer texts were not written by a node: a place holds an id and one value.</summary>
    private const int Longest = 2_000;

    public static string TextOf(SearchPlace place) =>
        Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(place, ContractsJson.Options));

    /// <exception cref="ProblemException">The text is no cursor.</exception>
    public static SearchPlace? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        try
        {
            if (text.Length <= Longest
                && JsonSerializer.Deserialize<SearchPlace>(Base64Url.DecodeFromChars(text), ContractsJson.Options) is { } place
                && Identifier.IsValid(place.TaskId.Value))
            {
                return place;
            }
        }
        catch (Exception cause) when (cause is FormatException or JsonException)
        {
            // Refused below.
        }

        throw ProblemException.Invalid("after", "must be the after value of the Link header of the page before, with the same sort order");
    }
}
