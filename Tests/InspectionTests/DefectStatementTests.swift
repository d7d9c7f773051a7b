import Inspection
import Testing

/// What a reasoning states of defects as such, where it is asked whether there is one.
@Suite("Statements about defects")
struct DefectStatementTests {
  @Test(
    "a denial of defects on a part, or with an exception, is not the answer No",
    arguments: [
      ("There is no defect on the cap, but the neck of the bottle is broken, so there is a defect.", "A"),
      ("There are no defects on the left side. On the right side there is a hole.", nil),
      (
        "I see no issues with the label. The bottle neck however is cracked. Therefore, there is a defect.",
        "A"
      ),
      ("No, wait. There is a scratch.", nil),
      ("The rim is torn, there is no way it's B (No).", nil),
      ("The cap has no defects.", nil),
      ("On the left side, there are no defects.", nil),
      ("On the left side I see no damage", nil),
      ("There is no damage to the rim or the neck.", nil),
      ("There are no defects on the surface of the cap.", nil),
      ("The template image has no defects.", nil),
      ("At first I saw no defects.", nil),
      ("There are no defects elsewhere.", nil),
      ("Apart from the scratch, there are no defects.", nil),
      ("There are no defects except for a dent near the rim.", nil),
      ("The object has no defects other than a dent.", nil),
      ("The label is not defective.", nil),
      ("The label is free of defects, although the cap is cracked.", nil),
      ("There is no defect on the flange, but the gasket is mangled.", nil),
      ("The flange shows no defects. However, the gasket is mangled.", nil),
      ("There is a defect on the rim. There are no defects on the cap.", "A"),
      ("There are no visible defects. The neck, however, is cracked.", nil),
      ("No scratches, dents or defects can be seen in the upper half.", nil),
    ] as [(String, String?)])
  func partialDenials(_ text: String, _ conclusion: String?) { Sentence(text, .yesNo, conclusion).check() }

  @Test(
    "a denial of defects as such is the answer No",
    arguments: [
      "There is no defect in the object.",
      "There is no visible defect in the image.",
      "I see no signs of damage.",
      "The object has no defects on any part.",
      "There are no defects anywhere on the surface.",
      "There are no scratches, dents, or defects.",
      "No defects or damage are visible.",
      "There are no defects. No scratches, cracks or dents are visible.",
      "There isn't any defect.",
      "The object does not have any defects.",
      "I cannot see any defects in the picture.",
      "I don't think there is a defect.",
      "The object is smooth and round, without any defect.",
      "The surface is free of defects.",
      "The object is defect-free.",
      "The object is not defective.",
      "The object does not appear to be damaged.",
      "The object looks intact.",
      "No part of the object shows damage.",
      "Nothing is damaged.",
      "There was a stain, but it is dirt on the lens; there is no longer a defect.",
      "Defects are not visible.",
      "The answer is no because the rim is round.",
      "The mark looked like a scratch, but it is a reflection, so there is no defect.",
      "There is a defect on the rim. No, it is a shadow, so there is no defect.",
      "The object lacks any visible damage.",
      "There are no potential defects.",
      "There are no defects. It is B (No).",
      "If the rim were broken, there would be a defect, but it is round, so there is no defect.",
      "The image shows a bottle with no visible defects.",
      "The image shows a bottle cap with no defects.",
      "The surface is smooth and there are no visible defects in the image.",
      "Compared with the template, there are no defects.",
      "No anomalies detected.",
      "The object has no damage, so the answer is B.",
      "Neither damage nor contamination can be seen.",
      "The absence of defects means that the object is fine.",
      "I find no defect. Yet no crack is visible at the neck.",
      "I find no defect. If a crack were visible, it would be different.",
      "The hole of the nut is round and there is no defect.",
      "There are no defects in the image, but the picture is blurry.",
      "The object is normal.",
      "There does not appear to be any defect.",
      "There doesn’t seem to be a problem with the object.",
      "No visible defects in the image.",
      "No obvious anomalies or damage on the object.",
      "So, no, there is no defect.",
      "The surface is uniform, indicating no defects.",
      "This indicates that there is no defect in the object.",
      "I need to determine if the object has any defects. The rim is round, so the object has no defects.",
      "The wood has a natural grain with no defects.",
      "There is no problem with the object.",
      "No defect has been found.", "There is zero damage.", "There is no presence of any defect.",
    ])
  func wholeDenials(_ text: String) { Sentence(text, .yesNo, "B").check() }

  @Test(
    "a statement that there is a defect is the answer Yes",
    arguments: [
      "There is a defect in the object.",
      "There's a visible defect on the cap.",
      "Therefore, there are defects",
      "There is clearly some damage.",
      "There seems to be a defect near the rim.",
      "The object has a defect.",
      "The picture shows signs of damage.",
      "I can see a small, dark flaw on the lid.",
      "A defect is visible on the left.",
      "The defect is on the rim.",
      "The object is defective.",
      "The rim appears to be damaged.",
      "The crack is a defect.",
      "The object is not free of defects.",
      "The rim is not intact.",
      "There is no doubt that there is a defect.",
      "The object looks fine at first, but it is defective.",
      "There are no scratches, however there is a defect.",
      "The label is no longer attached, which is a defect.",
      "I thought there was no defect, but there is a defect on the rim.",
      "Yes, there is a dent; there are no other defects",
      "The bottle has no cap, which is a defect.",
      "The image shows a bottle with a defect on the rim.",
      "The template is intact. The object in the query image has a crack, which is a defect.",
      "Although the label has no defects, the neck is damaged.",
      "I conclude that the object is damaged.",
      "There is a defect, so the answer is A. There is no other defect.",
      "The object isn't intact.",
      "The damage is clear.",
      "The object is abnormal.",
      "So, yes, there is a defect.",
      "The wire is bent, indicating a defect.",
      "This indicates that there is a defect in the object.",
      "I need to determine if the object has any defects. The rim has a chip, so the object has a defect.",
      "This is considered a defect.",
      "There is a problem with the object.",
      "A defect has been found.", "There is at least one defect.", "This indicates the presence of a defect.",
    ])
  func affirmations(_ text: String) { Sentence(text, .yesNo, "A").check() }

  @Test(
    "defects supposed, doubted, asked about or looked for are neither answer",
    arguments: [
      "If there is a defect, it must be on the rim.",
      "If there is no defect, the rim is round.",
      "I check whether there is a defect.",
      "I check whether there is no defect.",
      "Let me look closely to see if there is any defect.",
      "We need to find a defect.",
      "I look for defects on the surface.",
      "There may be a defect.",
      "There might be no defect.",
      "There would be a defect.",
      "Is there a defect?",
      "Are there no defects?",
      "It is unclear whether the object is damaged.",
      "I am not sure there is a defect.",
      "The question asks if the object has a defect.",
      "The question says there is a defect.",
      "The mark is not a defect.",
      "It is wrong that there is no defect.",
      "An object without defects is smooth.",
      "There is an issue with the lighting.",
      "The presence of defects is to be judged.", "The defect is to be judged.",
      "A defect would be visible as a dark spot.",
      "When there is a defect, the rim is rough.",
      "The defect is not visible.",
      "There is a scratch on the lid.",
      "I doubt there is a defect.",
      "It is not true that there is a defect.",
      "The neck is broken although the label has no defects.",
      "There are no other visible issues.",
      "There is nothing wrong with the label.",
      "No defects are found on the cap.",
      "Neither the cap nor the label has a defect.",
      "I find no defect. Yet a crack is visible at the neck.",
      "The object is normal except for a scratch.",
      "There are no signs of cracks, scratches, or other damage.",
      "There are no cracks or any other visible defects.",
      "The scratch could be considered a defect.",
      "This is not considered a defect.",
      "There is a shadow rather than a defect.",
      "There is a shadow, not a defect.",
      "I thought there was a defect, but it is a reflection.",
      "I thought there was no defect, but it is a crack.",
      "The spot does not indicate a defect.",
      "There is no issue with the lighting.",
      "It looks like a defect.",
      "The object has been checked for damage.", "There is a defect or there is no defect.",
    ])
  func unstatedDefects(_ text: String) { Sentence(text, .yesNo, nil).check() }

  @Test(
    "whole reasonings conclude on what they find",
    arguments: [
      (
        "The image shows a bottle viewed from above. The rim is smooth and there are no visible cracks, chips, or contamination. Therefore, there is no defect in the object.",
        "B"
      ),
      (
        "The image shows a bottle viewed from above. The rim has a visible crack at the left. Therefore, there is a defect in the object.",
        "A"
      ),
      ("The metal nut has a scratch on its surface, which indicates a defect.", "A"),
      (
        "The metal nut in the image appears to be in good condition with no visible scratches or damage.", "B"
      ),
      ("The object appears to have no visible defects.", "B"),
      ("The object appears to have a visible defect.", "A"),
      ("Based on the image, there do not appear to be any defects.", "B"),
      ("Based on the image, there appears to be a defect.", "A"),
      ("Upon closer inspection, there is damage on the left side.", "A"),
      ("Upon closer inspection, there is no damage on the left side.", nil),
      ("Upon closer inspection, there is no damage.", "B"),
      ("The hazelnut has a hole, which is not normal, so there is a defect.", "A"),
      ("The object is without defects.", "B"),
      ("This means that the object is not damaged and has no defects.", "B"),
      ("Yes, there is a defect. The answer is A.", "A"),
      (
        "The capsule has no defect on its left half, but its right half is squeezed; the object is defective.",
        "A"
      ),
      ("I cannot rule out that there is a defect.", nil),
      ("There is hardly any damage.", "B"),
      ("There is not a single defect.", "B"),
      ("It would be a defect if the rim were broken.", nil),
      ("Whether there is a defect or not, I look at the rim.", nil),
      ("If there was a defect, I would see it; I see none.", nil),
      ("Had there been a defect, the rim would be rough.", nil),
      ("The rim should have no defects.", nil),
      ("A good bottle has no defects. This one has a crack.", nil),
      ("There are no defects like scratches or dents.", "B"),
      ("There are no defects such as cracks in the neck.", nil),
      ("The image contains no anomalies.", "B"),
      ("Everything is fine and no damage can be found.", "B"),
      ("No, the object has no defects on the cap or the body.", "B"),
      ("The cable is missing an insulation, so the object is defective.", "A"),
      ("There is a defect in the template? No, it is intact.", "B"),
    ] as [(String, String?)])
  func wholeReasonings(_ text: String, _ conclusion: String?) { Sentence(text, .yesNo, conclusion).check() }

  @Test("statements about defects answer no other question")
  func otherQuestions() {
    Sentence("There is a defect. It is not damaged.", .kinds, nil).check()
    Sentence("There is a defect.", ["Yes.", "Maybe."], nil).check()
  }

  @Test(
    "defective and good pictures are paid alike for reasoning of the same form",
    arguments: [
      ("There is a defect in the object.", "There is no defect in the object."),
      ("The object has a defect.", "The object has no defect."),
      ("I see a defect in the image.", "I do not see any defect in the image."),
      ("The object is defective.", "The object is not defective."),
      ("The object is damaged.", "The object is undamaged."),
      ("The object is abnormal.", "The object is normal."),
      ("The object is not intact.", "The object is intact."),
      ("A defect is visible.", "No defect is visible."),
      ("The image shows a bottle with a defect.", "The image shows a bottle without any defect."),
      ("The object looks fine, but there is a defect.", "The object looks worn, but there is no defect."),
      ("There may be a defect.", "There may be no defect."),
    ])
  func paidAlike(_ present: String, _ absent: String) throws {
    let options = AnswerOption.lettered(.yesNo)
    let rewards = try [(present, "A"), (absent, "B")].flatMap { sentence, truth in
      let target = RewardTarget.choice(try ChoiceTarget(options: options, answer: truth))
      return try ["A", "B"].map { answer in
        let reply = "<think>\(sentence)</think> <answer>\(answer)</answer>"
        return try ROAMReward().score(reply: reply, target: target).reward
      }
    }
    #expect(rewards[0] == rewards[3])
    #expect(rewards[1] == rewards[2])
  }
}
