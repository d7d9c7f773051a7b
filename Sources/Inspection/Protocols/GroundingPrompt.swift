/// Asks for the places of defects as boxes, in the form Qwen2.5-VL was trained to answer;
/// ``GroundingReply`` reads the reply.
public enum GroundingPrompt {
  public static func defects(image: String, maxNewTokens: Int = 256) -> InspectionPrompt {
    InspectionPrompt(
      parts: [
        .image(image),
        .text(
          "Locate every defect in the image. Report the bounding box coordinates in JSON format, as a list of "
            + "{\"bbox_2d\": [x1, y1, x2, y2], \"label\": \"kind of defect\"}."),
      ], maxNewTokens: maxNewTokens, imageBound: .paper)
  }
}
